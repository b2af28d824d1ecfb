#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/container/log_rotation.h"
#include "base/clock.h"
#include "cri/runtime.h"

namespace sandboxlet::agent {

// A container that runs, and where its log is.
struct RunningLog {
  std::string container_id;
  // Absolute; holds the logs of this container's name.
  std::string directory;
  uint32_t attempt = 0;
  // For messages: "namespace/sandbox/container".
  std::string owner;
};

// What a LogRotator works with; all of it outlives it.
struct LogRotatorContext {
  asio::io_context& io;
  Clock& clock;
  cri::Runtime& runtime;
  // For file work; at most one of its threads is used at a time.
  asio::any_io_executor pool;
  RotationLimits limits;
  // Those to look at; called on the core thread.
  std::function<std::vector<RunningLog>()> running;
};

// Keeps containers' logs small (kubelet: container_log_manager.go). Owned by the agent, on the core
// thread; its files are worked on in the pool, one at a time. Every look is one stat a container.
// Nothing is remembered: what an agent's death left half done, the next one's first look mends.
class LogRotator {
 public:
  explicit LogRotator(LogRotatorContext context);
  LogRotator(const LogRotator&) = delete;
  LogRotator& operator=(const LogRotator&) = delete;

  void start();
  // No more looks, and the pool is free soon. Before the pool is joined.
  void stop();

 private:
  void look_later();
  Task<void> look_and_again();
  Task<void> look();
  Task<void> rotate(RunningLog log);
  Task<Result<>> try_to_rotate(const RunningLog& log);
  void note(const RunningLog& log, const Result<>& done);

  const LogRotatorContext context_;
  const asio::any_io_executor files_;
  std::unique_ptr<Timer> timer_;
  std::stop_source stop_;
  // By container id: those that are rotated now, and how often others failed in a row.
  std::set<std::string> busy_;
  std::map<std::string, int> failures_;
};

}  // namespace sandboxlet::agent
