#include "scheduler-shim/takes_traffic.h"

#include "api/json.h"
#include "api/wake.h"
#include "scheduler-shim/condition_of.h"

namespace sandboxlet::scheduler {

bool takes_traffic(const nlohmann::json& sandbox) {
  if (is_condition_true(sandbox, "Ready")) return true;
  nlohmann::json part = nlohmann::json::object();
  for (const char* place : {"/spec/operatingMode", "/spec/pause", "/spec/suspend",
                            "/status/conditions", "/status/suspend"}) {
    const nlohmann::json::json_pointer field(place);
    if (sandbox.contains(field)) part[field] = sandbox[field];
  }
  return api::takes_traffic(api::read_parsed(part).sandbox);
}

}  // namespace sandboxlet::scheduler
