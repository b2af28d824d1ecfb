#include "api/known_fields.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "api/field.h"

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;

// What of a field's values asks for nothing, beside Kubernetes' default.
enum class Harmless {
  kFalsy,  // null, false, "", [] and {}
  kNull,   // null alone: a false, or an empty object, asks for something
  kAny,    // the server's own
};

// A field that Kubernetes 1.36 or upstream knows: "this agent does not <deed> yet".
struct KnownField {
  std::string_view name;
  std::string_view deed;
  std::string_view default_json = "null";
  Harmless harmless = Harmless::kFalsy;
};

constexpr KnownField kMetadata[] = {
    {"generateName", "make up names"},
    {"managedFields", "", "null", Harmless::kAny},
    {"selfLink", "", "null", Harmless::kAny},
};

// What kubectl writes where it makes a template from an object.
constexpr KnownField kTemplateMetadata[] = {
    {"creationTimestamp", "keep times in a template", "null", Harmless::kNull},
};

constexpr KnownField kPodSpec[] = {
    {"activeDeadlineSeconds", "hold a deadline"},
    {"affinity", "schedule by affinity"},
    {"automountServiceAccountToken", "mount service account tokens"},
    {"dnsConfig", "configure DNS"},
    {"dnsPolicy", "follow another DNS policy", R"("ClusterFirst")"},
    {"enableServiceLinks", "set variables for Services", "true"},
    {"ephemeralContainers", "run ephemeral containers"},
    {"hostAliases", "write host aliases"},
    {"hostIPC", "share the host's IPC"},
    {"hostNetwork", "share the host's network"},
    {"hostPID", "share the host's processes"},
    {"hostUsers", "make user namespaces", "true", Harmless::kNull},
    {"hostnameOverride", "override the hostname"},
    {"initContainers", "run init containers"},
    {"nodeName", "take a node's name from the pod"},
    {"nodeSelector", "schedule by node labels"},
    {"os", "run anything but Linux", R"({"name":"linux"})"},
    {"overhead", "account for overhead"},
    {"preemptionPolicy", "preempt", R"("PreemptLowerPriority")"},
    {"priority", "know priorities", "0"},
    {"priorityClassName", "know priorities"},
    {"readinessGates", "wait for readiness gates"},
    {"resourceClaims", "claim devices"},
    {"resources", "limit a pod as a whole"},
    {"runtimeClassName", "know runtime classes"},
    {"schedulerName", "leave scheduling to another", R"("default-scheduler")"},
    {"schedulingGates", "wait for scheduling gates"},
    {"schedulingGroup", "schedule groups"},
    {"serviceAccount", "act as a service account", R"("default")"},
    {"serviceAccountName", "act as a service account", R"("default")"},
    {"setHostnameAsFQDN", "set a fully qualified hostname"},
    {"shareProcessNamespace", "share processes between containers"},
    {"subdomain", "set a subdomain"},
    {"topologySpreadConstraints", "spread over nodes"},
    {"workloadRef", "schedule groups"},
};

constexpr KnownField kPodSecurityContext[] = {
    {"appArmorProfile", "confine by AppArmor"},
    {"fsGroup", "give volumes to a group"},
    {"fsGroupChangePolicy", "give volumes to a group", R"("Always")"},
    {"runAsNonRoot", "check for root"},
    {"seLinuxChangePolicy", "confine by SELinux", R"("MountOption")"},
    {"seLinuxOptions", "confine by SELinux"},
    {"supplementalGroups", "add groups"},
    {"supplementalGroupsPolicy", "leave out the image's groups", R"("Merge")"},
    {"sysctls", "set sysctls"},
    {"windowsOptions", "run Windows"},
};

constexpr KnownField kContainer[] = {
    {"envFrom", "take variables from objects"},
    {"lifecycle", "run hooks"},
    {"livenessProbe", "probe", "null", Harmless::kNull},
    {"readinessProbe", "probe", "null", Harmless::kNull},
    {"resizePolicy", "resize in place"},
    {"restartPolicy", "restart one container by its own policy"},
    {"restartPolicyRules", "restart one container by its own policy"},
    {"startupProbe", "probe", "null", Harmless::kNull},
    {"terminationMessagePath", "read termination messages", R"("/dev/termination-log")"},
    {"terminationMessagePolicy", "read termination messages", R"("File")"},
    {"volumeDevices", "hand out block devices"},
};

constexpr KnownField kSecurityContext[] = {
    {"appArmorProfile", "confine by AppArmor"}, {"procMount", "unmask /proc", R"("Default")"},
    {"runAsNonRoot", "check for root"},         {"seLinuxOptions", "confine by SELinux"},
    {"windowsOptions", "run Windows"},
};

constexpr KnownField kSeccompProfile[] = {{"localhostProfile", "load seccomp profiles"}};

constexpr KnownField kEnvVar[] = {
    {"valueFrom", "take variables from objects", "null", Harmless::kNull}};

constexpr KnownField kResources[] = {{"claims", "claim devices"}};

constexpr KnownField kVolumeMount[] = {
    {"mountPropagation", "propagate mounts", R"("None")"},
    {"recursiveReadOnly", "make mounts below read-only", R"("Disabled")"},
    {"subPath", "mount a part of a volume"},
    {"subPathExpr", "mount a part of a volume"},
};

// Volume sources, all of one kind: an empty object asks for such a volume.
constexpr std::string_view kVolumeSources[] = {
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "image",
    "iscsi",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
};

constexpr auto kVolume = [] {
  std::array<KnownField, std::size(kVolumeSources)> fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    fields[i] = {kVolumeSources[i], "have volumes of this kind", "null", Harmless::kNull};
  }
  return fields;
}();

constexpr KnownField kClaimTemplate[] = {{"status", "keep a claim's status"}};

constexpr KnownField kClaimSpec[] = {
    {"dataSource", "fill volumes"},
    {"dataSourceRef", "fill volumes"},
    {"selector", "choose among volumes"},
    {"volumeAttributesClassName", "know volume attributes classes"},
    {"volumeName", "choose among volumes"},
};

constexpr KnownField kServicePort[] = {
    {"appProtocol", "name a port's application"},
    {"nodePort", "choose a node's port"},
};

// The fields of the object at a path whose indices are left out.
struct KnownObject {
  std::string_view path;
  std::span<const KnownField> fields;
};

const KnownObject kObjects[] = {
    {"metadata", kMetadata},
    {"spec.podTemplate.metadata", kTemplateMetadata},
    {"spec.podTemplate.spec", kPodSpec},
    {"spec.podTemplate.spec.securityContext", kPodSecurityContext},
    {"spec.podTemplate.spec.securityContext.seccompProfile", kSeccompProfile},
    {"spec.podTemplate.spec.volumes[]", kVolume},
    {"spec.podTemplate.spec.containers[]", kContainer},
    {"spec.podTemplate.spec.containers[].env[]", kEnvVar},
    {"spec.podTemplate.spec.containers[].resources", kResources},
    {"spec.podTemplate.spec.containers[].securityContext", kSecurityContext},
    {"spec.podTemplate.spec.containers[].securityContext.seccompProfile", kSeccompProfile},
    {"spec.podTemplate.spec.containers[].volumeMounts[]", kVolumeMount},
    {"spec.volumeClaimTemplates[]", kClaimTemplate},
    {"spec.volumeClaimTemplates[].metadata", kTemplateMetadata},
    {"spec.volumeClaimTemplates[].spec", kClaimSpec},
    {"spec.volumeClaimTemplates[].spec.resources", kResources},
    {"spec.networking.service.ports[]", kServicePort},
};

std::string without_indices(const std::string& path) {
  std::string pattern;
  bool inside = false;
  for (const char c : path) {
    inside = inside && c != ']';
    if (!inside) pattern.push_back(c);
    inside = inside || c == '[';
  }
  return pattern;
}

const KnownField* find_field(const std::string& parent, std::string_view name) {
  const std::string pattern = without_indices(parent);
  for (const KnownObject& object : kObjects) {
    if (object.path != pattern) continue;
    const auto found = std::find_if(object.fields.begin(), object.fields.end(),
                                    [&](const KnownField& one) { return one.name == name; });
    return found == object.fields.end() ? nullptr : &*found;
  }
  return nullptr;
}

bool is_falsy(const Json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || (value.is_structured() && value.empty());
}

bool asks_for_nothing(const KnownField& field, const Json& value) {
  if (field.harmless == Harmless::kAny || value.is_null()) return true;
  if (field.harmless == Harmless::kFalsy && is_falsy(value)) return true;
  return value == Json::parse(field.default_json);
}

}  // namespace

std::optional<std::string> refuse_field(const std::string& parent, std::string_view name,
                                        const Json& value) {
  // Upstream's status has fields that we do not write; it is never taken from a manifest.
  if (parent.starts_with("status")) return std::nullopt;
  const KnownField* field = find_field(parent, name);
  if (field == nullptr) return "unknown field " + quote(name);
  if (asks_for_nothing(*field, value)) return std::nullopt;
  return "Unsupported: this agent does not " + std::string(field->deed) + " yet";
}

}  // namespace sandboxlet::api
