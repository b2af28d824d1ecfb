#include "agent/suspend/wait.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace sandboxlet::agent {

bool wait_until(Duration limit, const std::function<bool()>& done) {
  using std::chrono::steady_clock;
  constexpr Duration kSpinFor = std::chrono::microseconds(200);
  constexpr Duration kLongestPause = std::chrono::milliseconds(1);
  const auto begin = steady_clock::now();
  Duration pause = std::chrono::microseconds(50);
  while (!done()) {
    const Duration waited = steady_clock::now() - begin;
    if (waited >= limit) return false;
    if (waited < kSpinFor) {
      sched_yield();
      continue;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  return true;
}

}  // namespace sandboxlet::agent
