#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// Blocks until no other test of this machine has swap of its own; held while it lives.
Result<UniqueFd> turn_at_swap();

// Swap in compressed memory (zram), beside whatever the machine has; on while it lives. Where there
// are two the kernel uses both, and one that goes would fill the memory of another test again: so
// the machine's tests and figures wait here for each other. What one that was killed has left goes
// with the next.
class TestSwap {
 public:
  static Result<std::unique_ptr<TestSwap>> make(uint64_t bytes);
  ~TestSwap();
  TestSwap(const TestSwap&) = delete;
  TestSwap& operator=(const TestSwap&) = delete;

  // Takes it away, as its end does too, which tells of a failure on stderr alone. Once.
  Result<> remove();
  // Why this machine can have none; empty where it can.
  static std::string why_not();

  // Bytes of memory that it takes itself, with all that it wastes.
  Result<uint64_t> memory_taken() const;

 private:
  TestSwap() = default;
  Result<> begin(uint64_t bytes);

  UniqueFd turn_;
  std::string number_;
};

}  // namespace sandboxlet::agent
