#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "agent/suspend/testing.h"

namespace sandboxlet::agent {

constexpr uint64_t kMega = 1 << 20;

// Those of this machine that have memory beside them; at least one, to say why it cannot be tested.
std::vector<Freezers> freezers_with_memory();

// The box with a cgroup "pod" below it, as the runtime makes one, in which processes hold memory.
// Skipped where the machine has no memory controller beside the freezer.
class MemoryTest : public CgroupsTest {
 protected:
  void SetUp() override;

  static bool is_v1() { return GetParam() == Freezers::kV1; }
  // Of that Sandbox, in the hierarchy of the memory controller.
  std::string memory_directory(const std::string& name = kName) const;
  // For one that is there.
  void add_pod(const std::string& name);

  // One in that Sandbox's pod that fills so much, and on each SIGUSR1 grows by as much.
  pid_t start_holding(uint64_t bytes, const std::string& name = kName);
  // Answers false where it has died over it. One process grows at a time.
  bool grows(pid_t pid);
  // Ends it, and answers whether all that it had filled was still so.
  static bool kept_all(pid_t pid);

 private:
  [[noreturn]] void hold(size_t words);
  bool await_filled(int times, pid_t pid);

  const SharedMemory<std::atomic<int>> filled_;
};

}  // namespace sandboxlet::agent
