#include "api/wake.h"

#include "api/conditions.h"

namespace sandboxlet::api {

namespace {

bool is_said(const Condition* condition, const char* status, const char* reason) {
  return condition != nullptr && condition->status == status && condition->reason == reason;
}

// It is frozen, or about to be.
bool rests_frozen(const SandboxStatus& status) {
  const Condition* const suspended = find_condition(status.conditions, "Suspended");
  if (is_said(suspended, "False", "Freezing")) return true;
  if (!status.suspend || !is_true(status.conditions, "Suspended")) return false;
  const Depth depth = parse_depth(status.suspend->depth);
  return depth == Depth::kFreeze || depth == Depth::kHibernate;
}

}  // namespace

bool wakes_on_traffic(const SandboxSpec& spec) {
  const auto asked = spec.suspend ? spec.suspend->wakeOnTraffic : std::nullopt;
  return asked.value_or(!wants_suspension(spec));
}

bool takes_traffic(const Sandbox& sandbox) {
  const SandboxStatus& status = sandbox.status;
  const Condition* const ready = find_condition(status.conditions, "Ready");
  // Else its node is lost, or the like.
  const bool is_coming = is_said(ready, "False", "DependenciesNotReady");
  if (is_coming) return is_said(find_condition(status.conditions, "Resuming"), "True", kThawing);
  if (!is_said(ready, "False", "SandboxSuspended")) return is_true(status.conditions, "Ready");
  // What its user has just resumed does not sleep.
  const bool is_resumed =
      status.suspend && status.suspend->reason == "User" && !wants_suspension(sandbox.spec);
  return rests_frozen(status) && !is_resumed && wakes_on_traffic(sandbox.spec);
}

}  // namespace sandboxlet::api
