#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/clock.h"
#include "base/task.h"

namespace sandboxlet::test {

// The core's event loop, for tests that await one thing after the other. Runs on the thread that
// calls run(), and only then.
class CoreLoop {
 public:
  asio::io_context& io() { return io_; }
  Clock& clock() { return *clock_; }

  // What task answers. Other work that is under way goes on meanwhile, and may be so afterwards.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> answer;
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr failure, T value) {
      die_on_exception(failure);
      answer.emplace(std::move(value));
    });
    return wait_for(answer);
  }

  // Runs the loop until something that is under way has put a value there.
  template <class T>
  T wait_for(std::optional<T>& answer) {
    io_.restart();
    while (!answer) {
      if (io_.run_one() == 0) throw std::logic_error("nothing is under way that could answer");
    }
    return *std::exchange(answer, std::nullopt);
  }

 private:
  asio::io_context io_;
  std::unique_ptr<Clock> clock_ = make_system_clock(io_);
};

}  // namespace sandboxlet::test
