#include "scheduler-shim/testing/objects.h"

#include <stdexcept>

namespace sandboxlet::scheduler {

Json json(std::string_view text) { return Json::parse(text); }

Json node_json(const std::string& name, const Json& patch) {
  Json node = json(R"({
    "metadata": {"labels": {}},
    "status": {
      "allocatable": {"cpu": "1", "memory": "1000Mi", "ephemeral-storage": "10Gi", "pods": "10"},
      "conditions": [{"type": "Ready", "status": "True"}]}})");
  node["metadata"]["name"] = name;
  node["metadata"]["labels"]["kubernetes.io/hostname"] = name;
  node.merge_patch(patch);
  return node;
}

NodeInfo node_info(const std::string& name, const Json& patch) {
  auto node = read_node_info(node_json(name, patch));
  if (!node) throw std::logic_error(node.error().message());
  return std::move(*node);
}

Json sandbox_json(const TestSandbox& sandbox) {
  Json object = json(R"({"spec": {"podTemplate": {"spec": {"containers": [
      {"name": "main", "resources": {"requests": {"cpu": "100m", "memory": "100Mi"}}}]}}}})");
  Json& pod_template = object["spec"]["podTemplate"];
  pod_template["metadata"]["labels"] = sandbox.labels;
  pod_template["spec"].merge_patch(sandbox.pod_spec);
  object["metadata"] = {
      {"name", sandbox.name}, {"namespace", sandbox.namespace_}, {"uid", "uid-" + sandbox.name}};
  object.merge_patch(sandbox.patch);
  return object;
}

}  // namespace sandboxlet::scheduler
