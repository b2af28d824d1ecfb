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

nlohmann::json server(const std::string& name) {
  constexpr char kScript[] =
      "mkdir -p /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -p 80 -h /tmp/www";
  nlohmann::json object = sandbox(name);
  auto& spec = object["spec"];
  spec["suspend"]["idleTimeout"] = "1s";
  spec["podTemplate"]["spec"]["containers"][0]["command"] = {"sh", "-c", kScript};
  return object;
}

nlohmann::json heap(const std::string& name, int megabytes, int touched,
                    const std::string& deepest) {
  nlohmann::json object = sandbox(name);
  auto& spec = object["spec"];
  spec["suspend"] = {{"wakeOnTraffic", true}, {"deepest", deepest}};
  auto& container = spec["podTemplate"]["spec"]["containers"][0];
  container["image"] = test::kHeapImage;
  container["args"] = {std::to_string(megabytes), std::to_string(touched)};
  return object;
}

}  // namespace sandboxlet::bench
