#include "agent/sandbox/goal.h"

#include "agent/sandbox/rest.h"
#include "api/time.h"

namespace sandboxlet::agent {

bool is_expired(const api::Sandbox& sandbox, WallTime now) {
  if (sandbox.spec.shutdownTime.empty()) return false;
  const auto end = api::parse_time(sandbox.spec.shutdownTime);
  return end && now >= *end;
}

Goal goal_of(const Situation& situation) {
  const api::Sandbox& sandbox = situation.desired;
  if (!sandbox.metadata.deletionTimestamp.empty()) return Goal::kDelete;
  if (is_expired(sandbox, situation.wall)) {
    return sandbox.spec.shutdownPolicy == "Delete" ? Goal::kDelete : Goal::kExpire;
  }
  const bool is_evicted = sandbox.status.eviction.has_value();
  const api::Depth depth = rest_depth(situation);
  if (is_evicted && depth != api::Depth::kRunning) return Goal::kTerminate;
  switch (depth) {
    case api::Depth::kRunning:
      if (situation.fence) return Goal::kFence;
      return is_evicted ? Goal::kEvict : Goal::kRun;
    case api::Depth::kFreeze:
      return Goal::kFreeze;
    case api::Depth::kHibernate:
      return Goal::kHibernate;
    case api::Depth::kStop:
      return Goal::kStop;
    case api::Depth::kTerminate:
      return Goal::kTerminate;
  }
  return Goal::kRun;
}

}  // namespace sandboxlet::agent
