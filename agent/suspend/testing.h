#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <string>

#include "agent/suspend/cgroups.h"
#include "agent/suspend/hierarchies.h"

namespace sandboxlet::agent {

// The machine's own hierarchies, all of them or none where it has no cgroups.
Hierarchies machine_hierarchies();

enum class Freezers { kV1, kV2 };
std::string name_of(const testing::TestParamInfo<Freezers>& info);

// A T that this process shares with those that it forks.
template <class T>
class SharedMemory {
 public:
  SharedMemory()
      : page_(mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
        value_(new (page_) T()) {}
  ~SharedMemory() { munmap(page_, sizeof(T)); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  T& operator*() const { return *value_; }

 private:
  void* const page_;
  T* const value_;
};

// A pool of the test's own in the machine's cgroups, v1's or v2's, with one cgroup "box" in it and
// processes in that which the test forks. Skipped where the machine has no such freezer. All of it
// goes in the end, whatever became of the test.
class CgroupsTest : public testing::TestWithParam<Freezers> {
 protected:
  CgroupsTest();
  ~CgroupsTest() override;
  void SetUp() override;

  static constexpr char kName[] = "box";

  // As an agent that has just started finds it.
  std::unique_ptr<Cgroups> open(const CgroupLimits& pool = {}) const;
  // The box or a cgroup below it, in the hierarchy of the freezer.
  std::string directory(const std::string& below = "") const;
  void write_frozen(const std::string& below = "") const;
  void write_thawed() const;

  // A child of this process in the box that runs body, and is in the box when this returns.
  pid_t start(const std::function<void()>& body, const std::string& below = "");
  // One that counts for as long as it may run.
  pid_t start_counting(const std::string& below = "");
  bool counts() const;
  // The signal that ended the child, 0 where none did.
  static int signal_of(pid_t child);

  const std::string root_;
  std::unique_ptr<Cgroups> cgroups_;

 private:
  std::string mount() const;

  const Hierarchies machine_;
  const SharedMemory<std::atomic<uint64_t>> counter_;
};

}  // namespace sandboxlet::agent
