// What tools/lint-coroutines must let pass; it is never compiled.
Task<void> good(Runtime& runtime, std::vector<int> numbers, bool slow) {
  const auto work = [&runtime] { return runtime.count(); };
  co_await offload(pool, work);
  co_await offload(pool, [] { return 1; });
  const Ref ref{"default", "box"};
  co_await source.suspend(ref, "a ? { in a literal");
  co_await runtime.stop(numbers[slow], Error(Code::kInternal, "a constructor"));  // ? [&] {
  const int chosen = slow ? 1 : 2;
  co_await ask(chosen);
  std::sort(numbers.begin(), numbers.end(), [&](int a, int b) { return a < b; });
  for (int number : numbers) {
    if (number > 0) co_await ask(number);
  }
}

Task<void> in_a_function_of_its_own(Token token) {
  return asio::async_initiate<Token, void()>([](auto handler) { keep({1, [&] { go(); }}); }, token);
}
