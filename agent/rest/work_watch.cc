#include "agent/rest/work_watch.h"

#include "base/offload.h"

namespace sandboxlet::agent {

namespace {

// idleTimeout holds to a second either way.
constexpr Duration kLookEvery = std::chrono::seconds(1);

}  // namespace

WorkWatch::WorkWatch(WorkWatchContext context, WorkGauges gauges, int64_t idle_milli_cpu)
    : context_(std::move(context)), meter_(std::move(gauges), idle_milli_cpu) {}

void WorkWatch::look_later() {
  timer_ = context_.clock.call_after(
      kLookEvery, [this] { asio::co_spawn(context_.io, look_and_again(), die_on_exception); });
}

Task<void> WorkWatch::look_and_again() {
  const std::vector<WorkSubject> subjects = context_.subjects();
  const TimePoint now = context_.clock.now();
  auto look = [this, &subjects, now] { return meter_.look(subjects, now); };
  const std::vector<bool> found = co_await offload(context_.pool, look);
  for (size_t i = 0; i < subjects.size(); ++i) context_.tell(subjects[i].uid, found[i], now);
  look_later();
}

}  // namespace sandboxlet::agent
