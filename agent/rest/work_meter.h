#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sandboxlet::agent {

// A Sandbox that is to be looked at, and a process of it.
struct WorkSubject {
  std::string uid;
  pid_t pid = 0;
};

// Where its work shows.
struct WorkGauges {
  // Nanoseconds of processors that its processes have used so far.
  std::function<Result<uint64_t>(const std::string& uid)> cpu;
  // How what answers the bytes that its sockets have moved so far is made.
  using ReadBytes = std::function<Result<uint64_t>()>;
  std::function<Result<ReadBytes>(pid_t pid)> data;
};

// Tells whether Sandboxes have had work since they were last looked at: they used processors, or
// moved data. Belongs to one thread at a time.
class WorkMeter {
 public:
  // Less than so many thousandths of a processor is no work.
  WorkMeter(WorkGauges gauges, int64_t idle_milli_cpu)
      : gauges_(std::move(gauges)), idle_milli_cpu_(idle_milli_cpu) {}

  // In the order of the subjects; others are forgotten. One that is seen for the first time, or
  // cannot be looked at, has work.
  std::vector<bool> look(const std::vector<WorkSubject>& subjects, TimePoint now);

 private:
  struct Seen {
    pid_t pid = 0;
    TimePoint at{};
    uint64_t cpu = 0;
    uint64_t bytes = 0;
    WorkGauges::ReadBytes read_bytes;
    uint64_t looked = 0;
  };

  bool has_worked(const WorkSubject& subject, Seen& seen, TimePoint now) const;
  bool has_moved_data(const WorkSubject& subject, Seen& seen) const;

  const WorkGauges gauges_;
  const int64_t idle_milli_cpu_;
  uint64_t looks_ = 0;
  std::map<std::string, Seen> seen_;  // by uid
};

}  // namespace sandboxlet::agent
