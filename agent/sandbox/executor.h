#pragma once

#include <memory>

#include "agent/sandbox/actions.h"
#include "agent/suspend/reclaim_stop.h"
#include "api/sandbox.h"
#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::agent {

// One action with what it is about, as it was when it was decided.
struct Job {
  std::shared_ptr<const api::Sandbox> sandbox;
  Action action;
  Observed observed;
  // Of a Hibernate: what ends it.
  std::shared_ptr<ReclaimStop> stop;
};

// Where decisions become deeds. Belongs to the core thread; stateless, so that jobs of one Sandbox
// may be under way side by side.
class Executor {
 public:
  virtual ~Executor() = default;
  // Answers what fold() takes for that action; an error says that it is unknown what was done.
  virtual Task<Result<Outcome>> execute(Job job) = 0;
};

}  // namespace sandboxlet::agent
