#pragma once

#include <chrono>
#include <thread>

namespace sandboxlet::test {

// Whether condition() comes true; generous, as it is only waited out where a test fails.
template <class Condition>
bool eventually(Condition condition, std::chrono::seconds limit = std::chrono::seconds(30)) {
  const auto give_up = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace sandboxlet::test
