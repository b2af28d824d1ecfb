#include "api/scheduled.h"

#include <utility>

namespace sandboxlet::api {

namespace {

Condition condition(const char* status, std::string reason, std::string message,
                    int64_t generation) {
  Condition condition;
  condition.type = "Scheduled";
  condition.status = status;
  condition.observedGeneration = generation;
  condition.reason = std::move(reason);
  condition.message = std::move(message);
  return condition;
}

}  // namespace

Condition scheduled(const std::string& node_name, int64_t generation) {
  return condition("True", "Bound", "Bound to node " + node_name, generation);
}

Condition unscheduled(std::string reason, std::string message, int64_t generation) {
  return condition("False", std::move(reason), std::move(message), generation);
}

}  // namespace sandboxlet::api
