#include "scheduler-shim/lost_status.h"

#include "api/conditions.h"
#include "api/json.h"
#include "api/scheduled.h"
#include "scheduler-shim/binding.h"
#include "scheduler-shim/sandbox_ref.h"
#include "scheduler-shim/takes_traffic.h"

namespace sandboxlet::scheduler {

namespace {

// The agent's own word, where it knows that it is cut off.
constexpr char kNodeUnreachable[] = "NodeUnreachable";

using Json = nlohmann::json;

}  // namespace

Json lost_patch(const Json& sandbox, const std::string& message, const api::Time& now) {
  const Json status = sandbox.value("status", Json::object());
  auto conditions = api::read_parsed({{"status", status}}).sandbox.status.conditions;
  const api::Condition* const before = api::find_condition(conditions, "Ready");
  if (before == nullptr) return nullptr;
  if (!takes_traffic(sandbox) && before->reason != kNodeUnreachable) return nullptr;
  api::Condition ready = *before;
  ready.status = "False";
  ready.reason = kNodeUnreachable;
  ready.message = message;
  if (ready == *before) return nullptr;
  api::set_condition(conditions, std::move(ready), now);
  api::SandboxStatus next;
  next.conditions = std::move(conditions);
  return status_over(sandbox, {{"conditions", api::write_status(next)["conditions"]}});
}

Json unbind_patch(const Json& sandbox, const std::string& reason, const std::string& message,
                  const api::Time& now) {
  const Said said = said_of(sandbox);
  return status_over(
      sandbox, {{"nodeName", nullptr},
                {"podIPs", nullptr},
                {"eviction", nullptr},
                {"evicted", nullptr},
                {"conditions",
                 with_condition(said, api::unscheduled(reason, message, said.generation), now)}});
}

}  // namespace sandboxlet::scheduler
