#include "tests/simulation/life.h"

namespace sandboxlet::simulation {

Life::Life(Machine& machine, Desired& desired)
    : machine_(machine),
      desired_(desired),
      volumes_(machine.data_root()),
      executor_(executor_context()),
      manager_(manager_context()) {
  loop_.clock().advance(machine.clock().now() - loop_.clock().now());
  for (const auto& [uid, sandbox] : desired_) manager_.want(sandbox);
  manager_.start();
}

// Awaited calls go first: their frames need a loop to be destroyed on.
Life::~Life() { machine_.runtime().client_died(/*finish=*/true); }

agent::ExecutorContext Life::executor_context() {
  constexpr int64_t kNodeMemory = int64_t{16} << 30;
  auto is_alive = [this](pid_t pid) { return machine_.is_alive(pid); };
  return {machine_.runtime(),
          machine_.cgroups(),
          volumes_,
          loop_.clock(),
          loop_.io().get_executor(),
          loop_.io().get_executor(),
          machine_.log_root(),
          "/pool",
          kNodeMemory,
          is_alive};
}

agent::ManagerContext Life::manager_context() {
  auto watch = [this](pid_t pid, std::function<void()> on_exit) {
    return machine_.watch_exit(loop_.io(), pid, std::move(on_exit));
  };
  return {loop_.io(),
          loop_.clock(),
          executor_,
          machine_.runtime(),
          machine_.cgroups(),
          loop_.io().get_executor(),
          *this,
          watch,
          {api::Depth::kFreeze, api::Depth::kStop, api::Depth::kTerminate},
          agent::BackoffLimits(),
          "/pool",
          std::chrono::seconds(5)};
}

void Life::status_changed(const api::Sandbox& sandbox) {
  desired_.at(sandbox.metadata.uid).status = sandbox.status;
}

void Life::operation(const api::Sandbox&, const agent::OperationRecord& record) {
  operations_.push_back(record.kind + (record.error == nullptr ? "" : "!"));
}

void Life::finished(const api::Sandbox& sandbox) { desired_.erase(sandbox.metadata.uid); }

}  // namespace sandboxlet::simulation
