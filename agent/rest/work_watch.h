#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/rest/work_meter.h"
#include "base/task.h"

namespace sandboxlet::agent {

// What a WorkWatch works with; all of it outlives it.
struct WorkWatchContext {
  asio::io_context& io;
  Clock& clock;
  // One of its threads is used at a time.
  asio::any_io_executor pool;
  // Those to look at, by uid; called on the core thread, as what hears of each look.
  std::function<std::vector<WorkSubject>()> subjects;
  // Answers when the first of them would fall asleep; nothing where none would.
  std::function<std::optional<TimePoint>(const std::vector<WorkSubject>&,
                                         const std::vector<bool>& found, TimePoint at)>
      tell;
};

// Looks which Sandboxes have work: each second while one may fall asleep soon, else every other
// one. Owned by the agent, on the core thread.
class WorkWatch {
 public:
  WorkWatch(WorkWatchContext context, WorkGauges gauges, int64_t idle_milli_cpu);

  void start() { look_later(kSoon); }
  // Before the pool is joined.
  void stop() { timer_.reset(); }

 private:
  static constexpr Duration kSoon = std::chrono::seconds(1);

  void look_later(Duration period);
  Task<void> look_and_again();

  const WorkWatchContext context_;
  WorkMeter meter_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace sandboxlet::agent
