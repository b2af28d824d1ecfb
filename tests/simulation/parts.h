#pragma once

#include "agent/sandbox/manager.h"
#include "agent/sandbox/runtime_executor.h"
#include "agent/volume/volumes.h"
#include "base/manual_loop.h"
#include "tests/simulation/machine.h"

namespace sandboxlet::simulation {

// What every agent on a machine is made of, with what blocks on its own thread. Lives within one
// life of it.
class Parts {
 public:
  // All outlive it.
  Parts(Machine& machine, ManualLoop& loop, agent::PodAdmission* admission = nullptr,
        agent::PullCredentials* credentials = nullptr);

  agent::ManagerContext manager_context(agent::ManagerObserver& observer,
                                        agent::DeepenAfter deepen_after = {});

 private:
  agent::ExecutorContext executor_context(agent::PodAdmission* admission,
                                          agent::PullCredentials* credentials);

  Machine& machine_;
  ManualLoop& loop_;
  agent::Volumes volumes_;
  agent::RuntimeExecutor executor_;
};

}  // namespace sandboxlet::simulation
