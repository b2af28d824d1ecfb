#include "base/clock.h"

#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace sandboxlet {

namespace {

class SystemTimer : public Timer {
 public:
  SystemTimer(asio::io_context& io, TimePoint when, std::function<void()> callback)
      : state_(std::make_shared<State>(io, std::move(callback))) {
    state_->timer.expires_at(when);
    state_->timer.async_wait([state = state_](const boost::system::error_code& error) {
      if (!error && state->callback) std::exchange(state->callback, nullptr)();
    });
  }
  // Asio's cancel() may throw by its declaration alone.
  // NOLINTNEXTLINE(bugprone-exception-escape)
  ~SystemTimer() override {
    // A wait that has already expired still runs its handler: take the callback from it.
    state_->callback = nullptr;
    state_->timer.cancel();
  }

 private:
  struct State {
    State(asio::io_context& io, std::function<void()> cb) : timer(io), callback(std::move(cb)) {}
    asio::steady_timer timer;
    std::function<void()> callback;
  };
  std::shared_ptr<State> state_;
};

class SystemClock : public Clock {
 public:
  explicit SystemClock(asio::io_context& io) : io_(io) {}
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
  std::unique_ptr<Timer> call_at(TimePoint when, std::function<void()> callback) override {
    return std::make_unique<SystemTimer>(io_, when, std::move(callback));
  }

 private:
  asio::io_context& io_;
};

// async_initiate stands in an ordinary function: g++ 12 miscompiles it inside a coroutine.
template <class Token>
auto async_call_after(Clock& clock, Duration delay, std::unique_ptr<Timer>& timer, Token&& token) {
  return asio::async_initiate<Token, void()>(
      [&clock, delay, &timer](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        timer = clock.call_after(delay, [shared] { std::move (*shared)(); });
      },
      token);
}

}  // namespace

Task<void> Clock::sleep(Duration delay) {
  std::unique_ptr<Timer> timer;
  co_await async_call_after(*this, delay, timer, asio::use_awaitable);
}

std::unique_ptr<Clock> make_system_clock(asio::io_context& io) {
  return std::make_unique<SystemClock>(io);
}

}  // namespace sandboxlet
