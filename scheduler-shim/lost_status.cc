#include "scheduler-shim/lost_status.h"

#include <optional>

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

// What Ready is to say from now on; nothing where it says that, or the Sandbox did not take
// traffic.
std::optional<api::Condition> unreachable(const Json& sandbox, const std::string& message) {
  const Json seen{{"status", sandbox.value("status", Json::object())}};
  const auto status = api::read_parsed(seen).sandbox.status;
  const api::Condition* const before = api::find_condition(status.conditions, "Ready");
  if (before == nullptr) return std::nullopt;
  if (!takes_traffic(sandbox) && before->reason != kNodeUnreachable) return std::nullopt;
  api::Condition ready = *before;
  ready.status = "False";
  ready.reason = kNodeUnreachable;
  ready.message = message;
  if (ready == *before) return std::nullopt;
  return ready;
}

}  // namespace

Json lost_patch(const Json& sandbox, const std::string& message, const api::Time& now) {
  auto ready = unreachable(sandbox, message);
  if (!ready) return nullptr;
  return status_over(sandbox,
                     {{"conditions", with_condition(said_of(sandbox), std::move(*ready), now)}});
}

Json unbind_patch(const Json& sandbox, const std::string& reason, const std::string& message,
                  const api::Time& now) {
  Said said = said_of(sandbox);
  said.conditions = with_condition(said, api::unscheduled(reason, message, said.generation), now);
  if (auto ready = unreachable(sandbox, message)) {
    said.conditions = with_condition(said, std::move(*ready), now);
  }
  return status_over(sandbox, {{"nodeName", nullptr},
                               {"podIPs", nullptr},
                               {"eviction", nullptr},
                               {"evicted", nullptr},
                               {"conditions", std::move(said.conditions)}});
}

}  // namespace sandboxlet::scheduler
