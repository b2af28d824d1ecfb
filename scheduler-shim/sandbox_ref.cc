#include "scheduler-shim/sandbox_ref.h"

#include "api/sandbox.h"
#include "kube/fields.h"

namespace sandboxlet::scheduler {

SandboxRef sandbox_ref(const nlohmann::json& sandbox) {
  return {kube::text_at(sandbox, "/metadata/namespace"), kube::text_at(sandbox, "/metadata/name"),
          kube::text_at(sandbox, "/metadata/uid")};
}

kube::ObjectRef object_ref(const SandboxRef& sandbox, std::string_view subresource) {
  return {kube::kSandboxes, sandbox.namespace_, sandbox.name, subresource};
}

nlohmann::json owner_reference(const SandboxRef& sandbox) {
  return {{"apiVersion", api::kSandboxApiVersion},
          {"kind", api::kSandboxKind},
          {"name", sandbox.name},
          {"uid", sandbox.uid},
          {"controller", true},
          {"blockOwnerDeletion", true}};
}

nlohmann::json status_over(const std::string& uid, const std::string& version,
                           nlohmann::json status) {
  return {{"metadata", {{"uid", uid}, {"resourceVersion", version}}},
          {"status", std::move(status)}};
}

nlohmann::json status_over(const nlohmann::json& sandbox, nlohmann::json status) {
  return status_over(kube::text_at(sandbox, "/metadata/uid"),
                     kube::text_at(sandbox, "/metadata/resourceVersion"), std::move(status));
}

}  // namespace sandboxlet::scheduler
