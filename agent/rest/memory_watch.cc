#include "agent/rest/memory_watch.h"

#include <spdlog/spdlog.h>

#include "base/offload.h"
#include "base/period.h"

namespace sandboxlet::agent {

namespace {

// Each look lets one Sandbox go deeper, or one be resumed, and the next shows what came of it.
constexpr Duration kLookEvery = std::chrono::seconds(1);

}  // namespace

void MemoryWatch::look_later() {
  const TimePoint when = next_period(context_.clock.now(), kLookEvery);
  timer_ = context_.clock.call_at(
      when, [this] { asio::co_spawn(context_.io, look_and_again(), die_on_exception); });
}

// What cannot be read is as it was.
Task<void> MemoryWatch::look_and_again() {
  auto look = [this]() -> Result<Seen> {
    Seen seen;
    TRY(seen.node, context_.node());
    TRY(const PoolMemory sandboxes, context_.sandboxes());
    seen.pressure = next_pressure(seen_.pressure, seen.node, sandboxes, context_.limits);
    return seen;
  };
  const Result<Seen> now = co_await offload(context_.pool, look);
  if (now && now->pressure != seen_.pressure) {
    spdlog::info("memory is {}", now->pressure == Pressure::kShort ? "short" : "no longer short");
  }
  if (now) seen_ = *now;
  context_.tell(seen_.node, seen_.pressure);
  look_later();
}

}  // namespace sandboxlet::agent
