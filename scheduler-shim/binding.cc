#include "scheduler-shim/binding.h"

#include "api/conditions.h"
#include "api/json.h"
#include "api/scheduled.h"

namespace sandboxlet::scheduler {

using Json = nlohmann::json;

Said said_of(const Json& sandbox) {
  Said said;
  const Json meta = sandbox.value("metadata", Json::object());
  said.generation = meta.value("generation", int64_t{0});
  const auto status = sandbox.find("status");
  if (status != sandbox.end() && status->is_object()) {
    said.conditions = status->value("conditions", Json::array());
  }
  return said;
}

Json with_condition(const Said& said, api::Condition condition, const api::Time& now) {
  const Json seen{{"status", {{"conditions", said.conditions}}}};
  api::SandboxStatus next;
  next.conditions = api::read_parsed(seen).sandbox.status.conditions;
  set_condition(next.conditions, std::move(condition), now);
  return api::write_status(next)["conditions"];
}

Json bind_patch(const Said& said, const std::string& node_name, const api::Time& now) {
  return {
      {"status",
       {{"nodeName", node_name},
        {"conditions", with_condition(said, api::scheduled(node_name, said.generation), now)}}}};
}

}  // namespace sandboxlet::scheduler
