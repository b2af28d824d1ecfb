#include "bench/manifest.h"

#include "tests/rig/pods.h"

namespace sandboxlet::bench {

std::string manifest(const std::string& name) {
  return R"({"apiVersion":"agents.x-k8s.io/v1beta1","kind":"Sandbox","metadata":{"name":")" + name +
         R"("},"spec":{"podTemplate":{"spec":{"terminationGracePeriodSeconds":0,"containers":[
             {"name":"main","image":")" +
         test::kCounterImage + R"(","imagePullPolicy":"IfNotPresent"}]}}}})";
}

nlohmann::json sandbox(const std::string& name) { return nlohmann::json::parse(manifest(name)); }

}  // namespace sandboxlet::bench
