#include "agent/suspend/reclaim.h"

#include <algorithm>

namespace sandboxlet::agent {

namespace {

// Bytes that are worth no further step.
constexpr uint64_t kLittle = 1 << 20;
// A step that brings less has brought nothing.
constexpr uint64_t kStepsWorth = 256 << 10;
constexpr int kIdleSteps = 3;

uint64_t less(uint64_t before, uint64_t after) { return before - std::min(before, after); }

Result<bool> has_swap(ReclaimTarget& target) {
  TRY(const uint64_t free, target.swap_free());
  return free > kSwapReserve;
}

// Answers what is in memory after the last step.
Result<uint64_t> push_out(ReclaimTarget& target, ReclaimStop& stop, uint64_t left, bool swaps) {
  for (int idle = 0; idle < kIdleSteps && left > kLittle;) {
    if (stop.stopped()) return Error(Code::kCancelled, "the reclaim was stopped");
    CHECK_OK(target.push(stop));
    TRY(const uint64_t now, target.in_memory());
    idle = less(left, now) < kStepsWorth ? idle + 1 : 0;
    left = now;
    if (!swaps) continue;
    TRY(const bool more, has_swap(target));
    if (!more) break;
  }
  return left;
}

}  // namespace

Result<uint64_t> reclaim(ReclaimTarget& target, ReclaimStop& stop) {
  TRY(const bool swaps, has_swap(target));
  if (swaps) CHECK_OK(target.open_swap());
  TRY(const uint64_t before, target.in_memory());
  TRY(const uint64_t after, push_out(target, stop, before, swaps));
  const uint64_t given_back = less(before, after);
  if (!swaps && given_back < kStepsWorth) {
    return Error(Code::kResourceExhausted, "no swap is free");
  }
  return given_back;
}

}  // namespace sandboxlet::agent
