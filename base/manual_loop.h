#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/manual_clock.h"
#include "base/task.h"

namespace sandboxlet {

// An event loop on a manual clock, for tests and simulation: time stands still while anything can
// run, and jumps to the next timer when nothing can. One thread; the same run each time.
class ManualLoop {
 public:
  asio::io_context& io() { return io_; }
  ManualClock& clock() { return clock_; }

  // Runs one handler; false where none is ready.
  bool step() {
    io_.restart();
    return io_.poll_one() > 0;
  }

  // Runs all that is ready, without time passing.
  void settle() {
    while (step()) {
    }
  }

  // Lets that much time pass, with everything that happens on the way.
  void run_for(Duration time) {
    const TimePoint end = clock_.now() + time;
    for (settle(); clock_.next() <= end; settle()) clock_.advance(clock_.next() - clock_.now());
    clock_.advance(end - clock_.now());
  }

  // What task answers, however long that takes.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> answer;
    auto take = [&](std::exception_ptr failure, T value) {
      die_on_exception(failure);
      answer.emplace(std::move(value));
    };
    asio::co_spawn(io_, std::move(task), take);
    for (settle(); !answer; settle()) {
      if (clock_.next() == TimePoint::max()) throw std::logic_error("nothing could ever answer");
      clock_.advance(clock_.next() - clock_.now());
    }
    return *std::move(answer);
  }

 private:
  asio::io_context io_{1};
  // Goes first: a coroutine that sleeps needs its loop to be destroyed on.
  ManualClock clock_;
};

}  // namespace sandboxlet
