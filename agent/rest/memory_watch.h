#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "agent/suspend/cgroups.h"
#include "agent/suspend/memory_facts.h"
#include "agent/suspend/pressure.h"
#include "base/task.h"

namespace sandboxlet::agent {

// What a MemoryWatch works with; all of it outlives it.
struct MemoryWatchContext {
  asio::io_context& io;
  Clock& clock;
  asio::any_io_executor pool;
  // Asked in the pool.
  std::function<Result<MemoryFacts>()> node;
  std::function<Result<PoolMemory>()> sandboxes;
  PressureLimits limits;
  // Told on the core thread, after each look.
  std::function<void(const MemoryFacts& node, Pressure pressure)> tell;
};

// Looks each second whether memory is short. Owned by the agent, on the core thread.
class MemoryWatch {
 public:
  explicit MemoryWatch(MemoryWatchContext context) : context_(std::move(context)) {}

  void start() { look_later(); }
  // Before the pool is joined.
  void stop() { timer_.reset(); }

 private:
  struct Seen {
    MemoryFacts node;
    Pressure pressure = Pressure::kNone;
  };

  void look_later();
  Task<void> look_and_again();

  const MemoryWatchContext context_;
  Seen seen_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace sandboxlet::agent
