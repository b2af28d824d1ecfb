#include "agent/rest/work_meter.h"

#include <utility>

namespace sandboxlet::agent {

std::vector<bool> WorkMeter::look(const std::vector<WorkSubject>& subjects, TimePoint now) {
  std::vector<bool> found;
  found.reserve(subjects.size());
  ++looks_;
  for (const WorkSubject& subject : subjects) {
    Seen& seen = seen_[subject.uid];
    found.push_back(has_worked(subject, seen, now));
    seen.looked = looks_;
  }
  std::erase_if(seen_, [this](const auto& entry) { return entry.second.looked != looks_; });
  return found;
}

// What cannot be read any more is opened anew at the next look.
Result<uint64_t> WorkMeter::count_cpu(const WorkSubject& subject, Seen& seen) const {
  if (!seen.count_cpu) {
    TRY(seen.count_cpu, gauges_.cpu(subject.uid));
  }
  auto cpu = seen.count_cpu();
  if (!cpu) seen.count_cpu = nullptr;
  return cpu;
}

// What moves data uses some processor time too, so most that are idle cost one read of a file.
bool WorkMeter::has_worked(const WorkSubject& subject, Seen& seen, TimePoint now) const {
  const auto cpu = count_cpu(subject, seen);
  if (!cpu) return true;
  const bool is_new = seen.pid != subject.pid;
  const uint64_t used = *cpu - std::exchange(seen.cpu, *cpu);
  const Duration passed = now - std::exchange(seen.at, now);
  if (!is_new && used == 0) return false;
  const bool has_moved = has_moved_data(subject, seen);
  constexpr int64_t kThousandths = 1000;
  const bool is_busy =
      static_cast<int64_t>(used) * kThousandths >= passed.count() * idle_milli_cpu_;
  return is_new || is_busy || has_moved;
}

// One that shares the node's network moves no data of its own that could be told.
bool WorkMeter::has_moved_data(const WorkSubject& subject, Seen& seen) const {
  if (std::exchange(seen.pid, subject.pid) != subject.pid) {
    auto made = gauges_.data(subject.pid);
    seen.count_bytes = made ? std::move(*made) : WorkGauges::Counter();
  }
  if (!seen.count_bytes) return false;
  const auto bytes = seen.count_bytes();
  // Counted anew from the next look on.
  if (!bytes) seen.pid = kNobody;
  if (!bytes) return true;
  return std::exchange(seen.bytes, *bytes) != *bytes;
}

}  // namespace sandboxlet::agent
