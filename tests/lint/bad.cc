// Each line that ends in BAD is what tools/lint-coroutines must find; it is never compiled.
Task<void> bad(Runtime& runtime, Clock& clock, bool slow) {
  co_await offload(pool, [&runtime] { return runtime.count(); });  // BAD
  co_await offload(pool, [=]() mutable { return slow; });          // BAD
  CO_TRY(const auto id, co_await runtime.run(Config{1, "two"}));   // BAD
  co_await source.suspend({"default", "box"}, "");                 // BAD
  co_await runtime.stop(slow ? "slow" : "fast");                   // BAD
  const int answer = slow ? co_await ask(1) : 2;                   // BAD
  if (slow) co_return co_await runtime.start(v1::Filter{});        // BAD
}

Task<int> also_bad(Token token) {
  co_await asio::async_initiate<Token, void()>(start, token);  // BAD
}

int expression() {
  return ({  // BAD
    int made = 1;
    made;
  });
}
