#include "agent/claims/resize.h"

#include <algorithm>

#include "api/time.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

constexpr char kWaits[] = "FileSystemResizePending";
constexpr char kResizing[] = "Resizing";

bool is_of_type(const Json& condition, const char* type) {
  return condition.value("type", "") == type;
}

Json waiting_since(WallTime now) {
  return {{"type", kWaits},
          {"status", "True"},
          {"lastTransitionTime", api::format_time(now)},
          {"message", "The file system grows when the volume is mounted the next time."}};
}

}  // namespace

bool waits_for_resize(const KnownClaim& claim) {
  return std::any_of(claim.conditions.begin(), claim.conditions.end(),
                     [](const Json& one) { return is_of_type(one, kWaits); });
}

Json resize_status(const KnownClaim& claim, int64_t size, bool is_grown, WallTime now) {
  Json status;
  Json conditions = Json::array();
  for (const Json& one : claim.conditions) {
    if (!is_of_type(one, kWaits) && !is_of_type(one, kResizing)) conditions.push_back(one);
  }
  if (is_grown) {
    const bool as_asked = size == claim.requested;
    status["capacity"]["storage"] = as_asked ? claim.request : std::to_string(size);
  } else {
    conditions.push_back(waiting_since(now));
  }
  if (conditions != claim.conditions) status["conditions"] = std::move(conditions);
  return status;
}

}  // namespace sandboxlet::agent
