#include "agent/cluster/pod_security_admission.h"

#include "api/json.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;
using api::PodSecurityLevel;

constexpr Duration kTrusted = std::chrono::seconds(30);
constexpr Duration kRetry = std::chrono::seconds(1);
// Longer than any question takes.
constexpr Duration kPatience = std::chrono::minutes(1);

PodSecurityLevel level_of(const Json& object) {
  const auto labels = object.value(Json::json_pointer("/metadata/labels"), Json::object());
  return api::pod_security_level(labels.value(api::kEnforceLabel, ""));
}

// As the API server refuses a Pod.
Result<> judge(PodSecurityLevel level, const api::Sandbox& sandbox) {
  if (level == PodSecurityLevel::kPrivileged) return {};
  const Json object = Json::parse(api::write_sandbox(sandbox));
  const auto violation = api::pod_security_violation(level, object["spec"]["podTemplate"]);
  if (violation.empty()) return {};
  return Error(Code::kPermissionDenied,
               "pods \"" + sandbox.metadata.name + "\" is forbidden: " + violation);
}

}  // namespace

Task<Result<>> PodSecurityAdmission::admit(std::shared_ptr<const api::Sandbox> sandbox,
                                           bool ran_before) {
  const std::string& name = sandbox->metadata.namespace_;
  Known& known = known_[name];
  while (known.is_asked) co_await answered_.wait(clock_, kPatience);
  if (clock_.now() >= known.ask_again) co_await ask(name);
  if (known.level) co_return judge(*known.level, *sandbox);
  // The API server took it once, and the kubelet would not ask again.
  if (ran_before && is_retryable(known.trouble->code())) co_return Result<>();
  co_return known.trouble->wrap("Pod Security level of the namespace");
}

Task<void> PodSecurityAdmission::ask(std::string namespace_) {
  Known& known = known_[namespace_];
  known.is_asked = true;
  const kube::ObjectRef ref{kube::kNamespaces, "", namespace_, ""};
  const auto object = co_await client_.get(ref);
  known.is_asked = false;
  known.ask_again = clock_.now() + (object ? kTrusted : kRetry);
  if (object) {
    known.level = level_of(*object);
  } else {
    known.trouble = object.error();
    // An answer none the less.
    if (!is_retryable(object.error().code())) known.level.reset();
  }
  answered_.notify();
}

}  // namespace sandboxlet::agent
