#include "agent/suspend/reclaim_stop.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>

namespace sandboxlet::agent {

namespace {

using std::chrono::nanoseconds;

// Between signals, once there is to be an end.
constexpr Duration kAgain = std::chrono::milliseconds(1);

// Of the realtime ones, as nothing else sends those.
int interrupt_signal() { return SIGRTMIN + 9; }

// The handler does nothing, but without one the signal would end the process.
void install_handler() {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    return sigaction(interrupt_signal(), &action, nullptr) == 0;
  }();
  static_cast<void>(installed);
}

timespec to_timespec(Duration duration) {
  constexpr int64_t kSecond = 1'000'000'000;
  return {static_cast<time_t>(duration.count() / kSecond),
          static_cast<long>(duration.count() % kSecond)};
}

void arm(timer_t timer, Duration first) {
  const itimerspec times{to_timespec(kAgain), to_timespec(first)};
  timer_settime(timer, 0, &times, nullptr);
}

Result<timer_t> make_timer_at_this_thread() {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = interrupt_signal();
  // glibc 2.36 has no other name for it.
  event._sigev_un._tid = gettid();
  timer_t timer{};
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return errno_error("make a timer");
  return timer;
}

// Lets the signal in, wherever this thread comes from.
class SignalLetIn {
 public:
  SignalLetIn() {
    install_handler();
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, interrupt_signal());
    pthread_sigmask(SIG_UNBLOCK, &one, &before_);
  }
  ~SignalLetIn() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalLetIn(const SignalLetIn&) = delete;
  SignalLetIn& operator=(const SignalLetIn&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

void ReclaimStop::stop() {
  stopped_ = true;
  const std::lock_guard lock(mutex_);
  if (timer_) arm(*timer_, kAgain);
}

Result<> ReclaimStop::interruptibly(Duration every, const std::function<Result<>()>& call) {
  const SignalLetIn signals;
  TRY(const timer_t timer, make_timer_at_this_thread());
  {
    const std::lock_guard lock(mutex_);
    timer_ = timer;
    arm(timer, stopped_ ? kAgain : every);
  }
  Result<> result = call();
  {
    const std::lock_guard lock(mutex_);
    timer_.reset();
  }
  // A last signal is handled before this returns.
  timer_delete(timer);
  return result;
}

}  // namespace sandboxlet::agent
