#pragma once

#include <string>
#include <string_view>

#include "scheduler-shim/read_node_info.h"

namespace sandboxlet::scheduler {

// JSON in tests; a mistake in it throws.
Json json(std::string_view text);

// A SandboxNode that could take ten small Sandboxes, with patch merged into it.
Json node_json(const std::string& name, const Json& patch = Json::object());
NodeInfo node_info(const std::string& name, const Json& patch = Json::object());

// What a test's Sandbox is about.
struct TestSandbox {
  std::string name;
  // Merged into the pod's spec, which has one container that requests 100m and 100Mi.
  Json pod_spec = Json::object();
  api::StringMap labels = {};
  std::string namespace_ = "default";
  // Merged into the whole object.
  Json patch = Json::object();
};
// Its uid is "uid-NAME".
Json sandbox_json(const TestSandbox& sandbox);

}  // namespace sandboxlet::scheduler
