#pragma once

#include "agent/sandbox/situation.h"

namespace sandboxlet::agent {

// Where a Sandbox is to be brought. Pure.
enum class Goal {
  kRun,
  // It may be bound to another node: frozen, or killed where it cannot be frozen in time.
  kFence,
  kFreeze,
  // Frozen, and its memory given back.
  kHibernate,
  // Containers gone; pod sandbox, address and volumes kept.
  kStop,
  // Only persistent volumes kept.
  kTerminate,
  // The same, for a Sandbox that is to leave this node.
  kEvict,
  // The same, for a Sandbox past its shutdownTime.
  kExpire,
  kDelete,
};

Goal goal_of(const Situation& situation);

// Past its shutdownTime.
bool is_expired(const api::Sandbox& sandbox, WallTime now);

}  // namespace sandboxlet::agent
