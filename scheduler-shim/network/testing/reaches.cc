#include "scheduler-shim/network/testing/reaches.h"

namespace sandboxlet::network {

Json box(const Json& patch) {
  Json object = Json::parse(R"({
    "metadata": {"name": "box", "namespace": "default", "uid": "u-1", "resourceVersion": "7"},
    "spec": {"podTemplate": {"spec": {"containers": [
        {"name": "main", "ports": [{"name": "http", "containerPort": 8080},
                                   {"name": "dns", "containerPort": 53, "protocol": "UDP"}]}]}}},
    "status": {"nodeName": "node-1", "podIPs": ["10.0.0.2"],
               "conditions": [{"type": "Ready", "status": "True"}]}})");
  object.merge_patch(patch);
  return object;
}

Json shown(Json body, const std::string& uid, const Json& patch) {
  body["metadata"]["uid"] = uid;
  body["metadata"]["resourceVersion"] = "3";
  body.merge_patch(patch);
  return body;
}

}  // namespace sandboxlet::network
