#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "scheduler-shim/eviction/toleration.h"
#include "scheduler-shim/node_info.h"
#include "scheduler-shim/sandbox_ref.h"

namespace sandboxlet::eviction {

// A Sandbox that is bound to a node, as far as it matters to those who would have it leave.
struct Resident {
  scheduler::SandboxRef ref;
  std::string node;
  Tolerations tolerations;
  bool is_deleted = false;
  // It has finished or expired: nothing of it is to run.
  bool is_over = false;
  bool wants_suspension = false;
  // What sleeps by itself and wakes on traffic is not: to its users it is up.
  bool is_suspended = false;
  bool is_stopping = false;
  // It is to leave; its agent has begun to end it, and is done.
  bool is_marked = false;
  bool has_begun = false;
  bool is_done = false;
  // Since it was first seen there.
  TimePoint here_since{};
};

Resident read_resident(const nlohmann::json& sandbox, TimePoint now);

// A node, as far as it makes Sandboxes leave.
struct EvictingNode {
  // There is a SandboxNode of that name, and a core Node.
  bool is_known = false;
  bool has_core = false;
  bool is_cordoned = false;
  // kubectl drain waits for it.
  bool is_drained = false;
  struct Evicting {
    scheduler::Taint taint;
    TimePoint since{};
  };
  std::vector<Evicting> taints;
};

// What the two objects of a node say, either of them null where it is not there; before: what they
// said, for taints that stay. Of the core Node, not-ready and unreachable evict nobody: they tell
// of the kubelet, which does not run Sandboxes. That the agent itself does not answer, its lease
// tells, and node_loss.h has the rule.
EvictingNode read_node(const scheduler::NodeInfo* sandbox_node, const scheduler::NodeInfo* core,
                       const EvictingNode& before, TimePoint now);

// Something of it runs that a drain waits for. What tolerates a cordoned node stays through it, as
// a DaemonSet's Pod does.
bool holds_drain(const Resident& resident);

struct Cause {
  TimePoint due{};
  std::string reason;
  std::string message;
};

// Why it is to leave its node, and when; nothing where it may stay. The earliest counts
// (tainteviction: processPodOnNode).
std::optional<Cause> cause_of(const Resident& resident, const EvictingNode& node);

}  // namespace sandboxlet::eviction
