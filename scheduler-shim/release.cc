#include "scheduler-shim/release.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "api/sandbox.h"

namespace sandboxlet::scheduler {

using Json = nlohmann::json;

Json release_patch(const Json& sandbox) {
  const Json meta = sandbox.value("metadata", Json::object());
  const bool is_bound = !sandbox.value(Json::json_pointer("/status/nodeName"), "").empty();
  if (is_bound || meta.value("deletionTimestamp", "").empty()) return nullptr;
  const Json before = meta.value("finalizers", Json::array());
  Json after = Json::array();
  std::copy_if(before.begin(), before.end(), std::back_inserter(after),
               [](const Json& one) { return one != api::kNodeFinalizer; });
  if (after.size() == before.size()) return nullptr;
  return {{"metadata",
           {{"uid", meta.value("uid", "")},
            {"resourceVersion", meta.value("resourceVersion", "")},
            {"finalizers", std::move(after)}}}};
}

}  // namespace sandboxlet::scheduler
