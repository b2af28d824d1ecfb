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
  // Answers how much there was so far.
  using Counter = std::function<Result<uint64_t>()>;
  // Makes what counts nanoseconds of processors that its processes have used.
  std::function<Result<Counter>(const std::string& uid)> cpu;
  // Makes what counts bytes that its sockets have moved.
  std::function<Result<Counter>(pid_t pid)> data;
};

// Tells whether Sandboxes have had work since they were last looked at: they used processors, or
// moved data. Belongs to one thread at a time.
class WorkMeter {
 public:
  // Less than so many thousandths of a processor is no work.
  WorkMeter(WorkGauges gauges, int64_t idle_milli_cpu)
      : gauges_(std::move(gauges)), idle_milli_cpu_(idle_milli_cpu) {}

  // Of subjects in the order of their uids; others are forgotten. One that is seen for the first
  // time, or cannot be looked at, has work.
  std::vector<bool> look(const std::vector<WorkSubject>& subjects, TimePoint now);

 private:
  static constexpr pid_t kNobody = -1;
  // Of processors, since the last look.
  enum class Use { kNone, kLittle, kMuch, kUnknown };
  struct Seen {
    pid_t pid = kNobody;
    TimePoint at{};
    uint64_t cpu = 0;
    uint64_t bytes = 0;
    WorkGauges::Counter count_cpu;
    WorkGauges::Counter count_bytes;
  };

  // As it was at the last look, of each of them.
  std::vector<Seen*> follow(const std::vector<WorkSubject>& subjects);
  Result<uint64_t> count_cpu(const WorkSubject& subject, Seen& seen) const;
  Use use_of(const WorkSubject& subject, Seen& seen, TimePoint now) const;
  bool has_moved_data(const WorkSubject& subject, Seen& seen) const;

  const WorkGauges gauges_;
  const int64_t idle_milli_cpu_;
  std::map<std::string, Seen> seen_;  // by uid
};

}  // namespace sandboxlet::agent
