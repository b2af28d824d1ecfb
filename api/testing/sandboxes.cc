#include "api/testing/sandboxes.h"

#include "api/defaults.h"

namespace sandboxlet::api {

namespace {

// Takes prefix and the point after it off every line that begins so.
std::vector<std::string> without(const std::string& prefix, std::vector<std::string> lines) {
  for (std::string& line : lines) {
    if (line.starts_with(prefix + ".")) line.erase(0, prefix.size() + 1);
  }
  return lines;
}

}  // namespace

Sandbox valid_sandbox() {
  Sandbox sandbox;
  sandbox.apiVersion = kSandboxApiVersion;
  sandbox.kind = kSandboxKind;
  sandbox.metadata.name = "a";
  sandbox.spec.podTemplate.spec.containers = {{.name = "c", .image = "busybox:1"}};
  set_defaults(sandbox);
  return sandbox;
}

std::vector<std::string> to_strings(const std::vector<Finding>& findings) {
  std::vector<std::string> lines;
  lines.reserve(findings.size());
  for (const Finding& finding : findings) lines.push_back(to_string(finding));
  return lines;
}

std::vector<std::string> faults_after(const std::function<void(Sandbox&)>& change) {
  Sandbox sandbox = valid_sandbox();
  change(sandbox);
  return to_strings(validate(sandbox));
}

std::vector<std::string> pod_faults_after(const std::function<void(PodSpec&)>& change) {
  return without("spec.podTemplate.spec",
                 faults_after([&](Sandbox& sandbox) { change(sandbox.spec.podTemplate.spec); }));
}

std::vector<std::string> container_faults_after(const std::function<void(Container&)>& change) {
  return without("containers[0]",
                 pod_faults_after([&](PodSpec& pod) { change(pod.containers.at(0)); }));
}

}  // namespace sandboxlet::api
