#include "tests/simulation/parts.h"

namespace sandboxlet::simulation {

Parts::Parts(Machine& machine, ManualLoop& loop, agent::PodAdmission* admission,
             agent::PullCredentials* credentials)
    : machine_(machine),
      loop_(loop),
      volumes_(machine.data_root()),
      executor_(executor_context(admission, credentials)) {}

agent::ExecutorContext Parts::executor_context(agent::PodAdmission* admission,
                                               agent::PullCredentials* credentials) {
  constexpr int64_t kNodeMemory = int64_t{16} << 30;
  auto is_alive = [this](pid_t pid) { return machine_.is_alive(pid); };
  return {machine_.runtime(),
          machine_.cgroups(),
          volumes_,
          loop_.clock(),
          loop_.io().get_executor(),
          loop_.io().get_executor(),
          loop_.io().get_executor(),
          machine_.traffic(),
          machine_.log_root(),
          "/pool",
          kNodeMemory,
          is_alive,
          admission,
          credentials};
}

agent::ManagerContext Parts::manager_context(agent::ManagerObserver& observer,
                                             agent::DeepenAfter deepen_after) {
  auto watch = [this](pid_t pid, std::function<void()> on_exit) {
    return machine_.watch_exit(loop_.io(), pid, std::move(on_exit));
  };
  return {loop_.io(),
          loop_.clock(),
          executor_,
          machine_.runtime(),
          machine_.cgroups(),
          loop_.io().get_executor(),
          observer,
          watch,
          {api::Depth::kFreeze, api::Depth::kHibernate, api::Depth::kStop, api::Depth::kTerminate},
          std::move(deepen_after),
          agent::BackoffLimits(),
          "/pool",
          std::chrono::seconds(5),
          /*pods_at_once=*/2};
}

}  // namespace sandboxlet::simulation
