#include "agent/suspend/start_gate.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace sandboxlet::agent {

namespace {

// Ends when the function that it hands to wait_for is called. An ordinary function: async_initiate
// inside a coroutine is miscompiled by g++ 12.
template <class State>
Task<void> wait_on(std::shared_ptr<State> state, asio::any_io_executor executor) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [state, executor](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        state->waiting.push_back(
            [shared, executor] { asio::post(executor, [shared] { (*shared)(); }); });
      },
      asio::use_awaitable);
}

}  // namespace

void StartGate::Ticket::release() {
  const auto state = std::exchange(state_, nullptr);
  if (!state || --state->inside > 0) return;
  for (auto& resume : std::exchange(state->waiting, {})) resume();
}

Result<StartGate::Ticket> StartGate::enter() {
  if (state_->closed) return Error(Code::kFailedPrecondition, "the Sandbox is suspended");
  return Ticket(state_);
}

Task<void> StartGate::close() {
  const auto state = state_;
  state->closed = true;
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  while (state->inside > 0) co_await wait_on(state, executor);
}

}  // namespace sandboxlet::agent
