#include "agent/rest/work_meter.h"

#include <utility>

namespace sandboxlet::agent {

std::vector<bool> WorkMeter::look(const std::vector<WorkSubject>& subjects, TimePoint now) {
  const std::vector<Seen*> all = follow(subjects);
  std::vector<Use> uses(subjects.size());
  std::vector<bool> found(subjects.size());
  // One kind of count after the other: they are many, and the kernel's way to it stays warm.
  for (size_t i = 0; i < subjects.size(); ++i) uses[i] = use_of(subjects[i], *all[i], now);
  for (size_t i = 0; i < subjects.size(); ++i) {
    if (uses[i] == Use::kNone) continue;
    const bool has_moved = uses[i] != Use::kUnknown && has_moved_data(subjects[i], *all[i]);
    found[i] = has_moved || uses[i] != Use::kLittle;
  }
  return found;
}

// In step, as they are many.
std::vector<WorkMeter::Seen*> WorkMeter::follow(const std::vector<WorkSubject>& subjects) {
  std::vector<Seen*> all;
  all.reserve(subjects.size());
  auto next = seen_.begin();
  for (const WorkSubject& subject : subjects) {
    while (next != seen_.end() && next->first < subject.uid) next = seen_.erase(next);
    const bool is_known = next != seen_.end() && next->first == subject.uid;
    if (!is_known) next = seen_.emplace_hint(next, subject.uid, Seen());
    all.push_back(&next->second);
    ++next;
  }
  seen_.erase(next, seen_.end());
  return all;
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
WorkMeter::Use WorkMeter::use_of(const WorkSubject& subject, Seen& seen, TimePoint now) const {
  const auto cpu = count_cpu(subject, seen);
  if (!cpu) return Use::kUnknown;
  const bool is_new = seen.pid != subject.pid;
  const uint64_t used = *cpu - std::exchange(seen.cpu, *cpu);
  const Duration passed = now - std::exchange(seen.at, now);
  if (is_new) return Use::kMuch;
  if (used == 0) return Use::kNone;
  constexpr int64_t kThousandths = 1000;
  const bool is_much =
      static_cast<int64_t>(used) * kThousandths >= passed.count() * idle_milli_cpu_;
  return is_much ? Use::kMuch : Use::kLittle;
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
