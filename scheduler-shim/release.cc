#include "scheduler-shim/release.h"

#include "api/sandbox.h"
#include "kube/fields.h"

namespace sandboxlet::scheduler {

using Json = nlohmann::json;

Json release_patch(const Json& sandbox) {
  const Json meta = sandbox.value("metadata", Json::object());
  const bool is_bound = !sandbox.value(Json::json_pointer("/status/nodeName"), "").empty();
  if (is_bound || meta.value("deletionTimestamp", "").empty()) return nullptr;
  return kube::without_finalizer(sandbox, api::kNodeFinalizer);
}

}  // namespace sandboxlet::scheduler
