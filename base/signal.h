#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <list>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/task.h"

namespace sandboxlet {

// What several coroutines wait for to change. On the core thread; whoever waits must not outlive
// it.
class Signal {
 public:
  // Answers after the next notify(), or when the time is over.
  Task<void> wait(Clock& clock, Duration at_most) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [this, &clock, at_most](auto handler) {
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          const auto waiter = waiters_.insert(waiters_.end(), Waiter());
          waiter->resume = [shared] { std::move (*shared)(); };
          waiter->timer = clock.call_after(at_most, [this, waiter] {
            const auto resume = std::move(waiter->resume);
            waiters_.erase(waiter);
            resume();
          });
        },
        asio::use_awaitable);
  }

  // Resumes all that wait now, one after the other.
  void notify() {
    std::list<Waiter> waiters = std::exchange(waiters_, {});
    for (Waiter& waiter : waiters) waiter.timer.reset();
    for (Waiter& waiter : waiters) waiter.resume();
  }

 private:
  struct Waiter {
    std::function<void()> resume;
    std::unique_ptr<Timer> timer;
  };

  std::list<Waiter> waiters_;
};

}  // namespace sandboxlet
