#include "agent/rest/work_watch.h"

#include "base/offload.h"
#include "base/period.h"

namespace sandboxlet::agent {

namespace {

constexpr Duration kSeldom = std::chrono::seconds(2);
// One that has so long yet is looked at once more before, and each second from then on.
constexpr Duration kIsSoon = std::chrono::seconds(3);

}  // namespace

WorkWatch::WorkWatch(WorkWatchContext context, WorkGauges gauges, int64_t idle_milli_cpu)
    : context_(std::move(context)), meter_(std::move(gauges), idle_milli_cpu) {}

void WorkWatch::look_later(Duration period) {
  const TimePoint when = next_period(context_.clock.now(), period);
  timer_ = context_.clock.call_at(
      when, [this] { asio::co_spawn(context_.io, look_and_again(), die_on_exception); });
}

Task<void> WorkWatch::look_and_again() {
  const std::vector<WorkSubject> subjects = context_.subjects();
  const TimePoint now = context_.clock.now();
  auto look = [this, &subjects, now] { return meter_.look(subjects, now); };
  const std::vector<bool> found = co_await offload(context_.pool, look);
  const auto first = context_.tell(subjects, found, now);
  look_later(first && *first > now + kIsSoon ? kSeldom : kSoon);
}

}  // namespace sandboxlet::agent
