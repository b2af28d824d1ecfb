#include "scheduler-shim/storage/claim_user.h"

#include <algorithm>

#include "api/sandbox.h"
#include "api/storage.h"
#include "kube/fields.h"
#include "scheduler-shim/condition_of.h"
#include "scheduler-shim/name_hash.h"
#include "scheduler-shim/read_claim_info.h"

namespace sandboxlet::storage {

namespace {

bool has_ended(const Json& sandbox) {
  return scheduler::is_condition_true(sandbox, "Finished") ||
         kube::text_at(scheduler::condition_of(sandbox, "Ready"), "/reason") == "SandboxExpired";
}

}  // namespace

bool ClaimUser::owns(const std::string& claim) const {
  return std::any_of(claims.begin(), claims.end(),
                     [&](const auto& one) { return one.is_own && one.name == claim; });
}

ClaimUser read_claim_user(const Json& sandbox, TemplatePool& templates) {
  ClaimUser user;
  scheduler::JsonReader reader;
  user.sandbox = scheduler::sandbox_ref(sandbox);
  user.version = kube::text_at(sandbox, "/metadata/resourceVersion");
  reader.object(sandbox, "spec", [&](const Json& spec) {
    user.claims = scheduler::read_pod_claims(reader, spec, user.sandbox.name);
    const auto found = spec.find("volumeClaimTemplates");
    if (!user.claims.empty() && found != spec.end())
      user.templates = templates.share(found->dump());
  });
  if (user.claims.empty()) return user;
  user.is_deleting = !kube::text_at(sandbox, "/metadata/deletionTimestamp").empty();
  user.node = kube::text_at(sandbox, "/status/nodeName");
  user.is_held_by_node = kube::has_finalizer(sandbox, api::kNodeFinalizer);
  user.has_ended = has_ended(sandbox);
  return user;
}

Json new_claim(const ClaimUser& user, const std::string& name) {
  if (!user.templates) return nullptr;
  const Json templates = Json::parse(*user.templates);
  const auto found = std::find_if(templates.begin(), templates.end(), [&](const Json& one) {
    return kube::text_at(one, "/metadata/name") + "-" + user.sandbox.name == name;
  });
  if (found == templates.end()) return nullptr;
  const Json metadata = found->value("metadata", Json::object());
  Json claim{{"apiVersion", "v1"},
             {"kind", "PersistentVolumeClaim"},
             {"metadata",
              {{"name", name},
               {"namespace", user.sandbox.namespace_},
               {"labels", metadata.value("labels", Json::object())},
               {"ownerReferences", Json::array({scheduler::owner_reference(user.sandbox)})},
               {"finalizers", Json::array({api::kClaimFinalizer})}}},
             {"spec", found->value("spec", Json::object())}};
  claim["metadata"]["labels"][scheduler::kNameHashLabel] = scheduler::name_hash(user.sandbox.name);
  if (metadata.contains("annotations")) {
    claim["metadata"]["annotations"] = metadata["annotations"];
  }
  return claim;
}

}  // namespace sandboxlet::storage
