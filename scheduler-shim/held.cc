#include "scheduler-shim/held.h"

namespace sandboxlet::scheduler {

Resources held_resources(const PodTemplateInfo& spec, api::Depth depth) {
  Resources held = spec.requests;
  if (depth >= api::Depth::kHibernate) held.memory = 0;
  if (depth >= api::Depth::kStop) {
    held.milli_cpu = 0;
    held.extended.clear();
  }
  if (depth >= api::Depth::kTerminate) {
    held.ephemeral_storage = 0;
    held.pods = 0;
  }
  return held;
}

api::Depth depth_held(bool wants_suspension, api::Depth actual, bool by_user) {
  return by_user && !wants_suspension ? api::Depth::kRunning : actual;
}

}  // namespace sandboxlet::scheduler
