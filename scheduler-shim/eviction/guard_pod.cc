#include "scheduler-shim/eviction/guard_pod.h"

#include "api/storage.h"
#include "kube/fields.h"

namespace sandboxlet::eviction {

namespace {

using Json = nlohmann::json;

constexpr char kName[] = "sandboxlet-drain-guard";
constexpr char kFinalizer[] = "sandboxlet.io/drain-guard";
// The pause image's own.
constexpr int kUser = 65535;

// It does nothing, and may be all that a restricted namespace allows.
Json container(const std::string& image) {
  return {{"name", "guard"},
          {"image", image},
          {"imagePullPolicy", "IfNotPresent"},
          {"resources",
           {{"requests", {{"cpu", "1m"}, {"memory", "4Mi"}}}, {"limits", {{"memory", "16Mi"}}}}},
          {"securityContext",
           {{"allowPrivilegeEscalation", false},
            {"readOnlyRootFilesystem", true},
            {"capabilities", {{"drop", {"ALL"}}}}}}};
}

}  // namespace

std::string guard_name(const std::string& node) {
  return std::string(kName) + "-" + api::node_label_value(node);
}

Json guard_pod(const std::string& node, const Json& owner, const std::string& namespace_,
               const std::string& image) {
  const Json reference{{"apiVersion", "sandboxlet.io/v1alpha1"},
                       {"kind", "SandboxNode"},
                       {"name", node},
                       {"uid", kube::text_at(owner, "/metadata/uid")},
                       {"controller", true}};
  const Json tolerates_all{{"operator", "Exists"}};
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata",
           {{"name", guard_name(node)},
            {"namespace", namespace_},
            {"labels",
             {{"app.kubernetes.io/name", kName}, {"app.kubernetes.io/part-of", "sandboxlet"}}},
            {"finalizers", {kFinalizer}},
            {"ownerReferences", Json::array({reference})}}},
          {"spec",
           {{"nodeName", node},
            {"serviceAccountName", kName},
            {"automountServiceAccountToken", false},
            {"enableServiceLinks", false},
            {"priorityClassName", "sandboxlet"},
            // Nothing of it has to end in order.
            {"terminationGracePeriodSeconds", 0},
            {"tolerations", Json::array({tolerates_all})},
            {"securityContext",
             {{"runAsNonRoot", true},
              {"runAsUser", kUser},
              {"runAsGroup", kUser},
              {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
            {"containers", Json::array({container(image)})}}}};
}

Json release_guard_patch(const Json& pod) { return kube::without_finalizer(pod, kFinalizer); }

Guard read_guard(const Json& pod) {
  Guard guard;
  guard.node = kube::text_at(pod, "/spec/nodeName");
  guard.uid = kube::text_at(pod, "/metadata/uid");
  guard.is_deleted = !kube::text_at(pod, "/metadata/deletionTimestamp").empty();
  guard.has_finalizer = !release_guard_patch(pod).is_null();
  return guard;
}

GuardStep next_step(const std::optional<Guard>& guard, const Occupancy& now) {
  if (!guard) {
    const bool is_wanted = now.holders > 0 || (now.residents > 0 && !now.is_cordoned);
    return now.is_drainable && is_wanted ? GuardStep::kCreate : GuardStep::kNothing;
  }
  if (!guard->is_deleted) {
    return now.is_drainable && now.residents > 0 ? GuardStep::kNothing : GuardStep::kRemove;
  }
  const bool is_held = now.is_drainable && now.is_cordoned && now.holders > 0;
  return guard->has_finalizer && !is_held ? GuardStep::kRelease : GuardStep::kNothing;
}

}  // namespace sandboxlet::eviction
