#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace sandboxlet::agent {

// What the machine has of memory, in bytes.
struct MemoryFacts {
  uint64_t total = 0;
  // What could be had without swapping (the kernel's estimate).
  uint64_t available = 0;
  uint64_t swap_total = 0;
  uint64_t swap_free = 0;
  // Of the last ten seconds, how much some task stood still for want of memory (PSI, some avg10);
  // nothing where the kernel does not count it.
  std::optional<double> stall_percent;
  bool operator==(const MemoryFacts&) const = default;
};

// From the text of /proc/meminfo; all but stall_percent. Pure.
Result<MemoryFacts> parse_meminfo(const std::string& text);
// From the text of /proc/pressure/memory; nothing where it is not there. Pure.
std::optional<double> parse_stall(const std::string& text);

// As of now; proc is where proc(5) is mounted.
Result<MemoryFacts> read_memory_facts(const std::string& proc = "/proc");

}  // namespace sandboxlet::agent
