#include "api/testing/pod_security_cases.h"

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;
using enum PodSecurityLevel;

struct Row {
  PodSecurityLevel taken;
  // A merge patch.
  const char* change;
};

// Of that pod's spec.
constexpr Row kPods[] = {
    {kRestricted, R"({})"},
    {kPrivileged, R"({"hostNetwork": true})"},
    {kPrivileged, R"({"hostPID": true})"},
    {kPrivileged, R"({"hostIPC": true})"},
    {kRestricted, R"({"hostNetwork": false, "hostPID": false})"},
    {kPrivileged, R"({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]})"},
    {kBaseline, R"({"volumes": [{"name": "v", "nfs": {"server": "a", "path": "/"}}]})"},
    {kRestricted, R"({"volumes": [{"name": "v"}, {"name": "w", "emptyDir": {}}]})"},
    {kRestricted, R"({"volumes": [{"name": "v", "configMap": {"name": "a"}},
                    {"name": "w", "secret": {"secretName": "a"}},
                    {"name": "x", "persistentVolumeClaim": {"claimName": "a"}},
                    {"name": "y", "downwardAPI": {}}, {"name": "z", "projected": {"sources": []}},
                    {"name": "i", "image": {"reference": "a"}}]})"},
    {kPrivileged, R"({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}})"},
    {kRestricted,
     R"({"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "1 2 3"}]}})"},
    {kPrivileged, R"({"securityContext": {"seccompProfile": {"type": "Unconfined"}}})"},
    {kBaseline, R"({"securityContext": {"seccompProfile": null}})"},
    {kRestricted,
     R"({"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "a"}}})"},
    {kPrivileged, R"({"securityContext": {"appArmorProfile": {"type": "Unconfined"}}})"},
    {kRestricted, R"({"securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}})"},
    {kRestricted,
     R"({"securityContext": {"seLinuxOptions": {"type": "container_t", "level": "s0"}}})"},
    {kPrivileged, R"({"securityContext": {"seLinuxOptions": {"type": "spc_t"}}})"},
    {kPrivileged, R"({"securityContext": {"seLinuxOptions": {"user": "system_u"}}})"},
    {kPrivileged, R"({"securityContext": {"seLinuxOptions": {"role": "system_r"}}})"},
    {kBaseline, R"({"securityContext": {"runAsNonRoot": null}})"},
    {kBaseline, R"({"securityContext": {"runAsNonRoot": false}})"},
    {kBaseline, R"({"securityContext": {"runAsUser": 0}})"},
    {kRestricted, R"({"securityContext": {"runAsUser": 1}})"},
    {kBaseline, R"({"securityContext": null})"},
    {kRestricted,
     R"({"hostUsers": false, "securityContext": {"runAsNonRoot": false, "runAsUser": 0}})"},
    {kPrivileged,
     R"({"hostUsers": false, "securityContext": {"seccompProfile": {"type": "Unconfined"}}})"},
    {kBaseline, R"({"hostUsers": true, "securityContext": {"runAsNonRoot": null}})"},
    {kBaseline,
     R"({"hostUsers": false, "containers": [{"name": "main", "image": "busybox", "securityContext": {
        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
        "procMount": "Unmasked"}}]})"},
    {kPrivileged, R"({"hostNetwork": true, "hostPID": true, "hostIPC": true})"},
    {kPrivileged,
     R"({"volumes": [{"name": "w", "hostPath": {"path": "/"}}, {"name": "v", "hostPath": {"path": "/"}},
                    {"name": "n", "nfs": {"server": "a", "path": "/"}}]})"},
    {kPrivileged, R"({"securityContext": {"sysctls": [{"name": "kernel.msgmnb", "value": "1"},
                                     {"name": "kernel.msgmax", "value": "1"}]}})"},
    {kPrivileged,
     R"({"securityContext": {"seLinuxOptions": {"type": "spc_t", "user": "a", "role": "b"}}})"},
    {kRestricted, R"({"securityContext": {"seLinuxOptions": {"type": "container_engine_t"}}})"},
    {kRestricted,
     R"({"securityContext": {"appArmorProfile": {"type": "Localhost", "localhostProfile": "a"}}})"},
    {kRestricted, R"({"volumes": [{"name": "v", "csi": {"driver": "a.b"}},
                    {"name": "w", "ephemeral": {"volumeClaimTemplate": {"spec": {
                      "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}}]})"},
    {kBaseline,
     R"({"securityContext": null, "containers": [{"name": "b", "image": "x"}, {"name": "a", "image": "x"}]})"},
    {kPrivileged, R"({"hostNetwork": true, "hostPID": true,
        "volumes": [{"name": "w", "hostPath": {"path": "/"}}],
        "securityContext": {"runAsNonRoot": false, "runAsUser": 0,
          "sysctls": [{"name": "kernel.msgmax", "value": "1"}],
          "seccompProfile": {"type": "Unconfined"}, "appArmorProfile": {"type": "Unconfined"},
          "seLinuxOptions": {"type": "spc_t", "user": "a", "role": "b"}},
        "containers": [
          {"name": "b", "image": "x", "ports": [{"containerPort": 80, "hostPort": 80},
                                                {"containerPort": 9, "hostPort": 9}],
           "livenessProbe": {"httpGet": {"port": 80, "host": "10.0.0.2"}},
           "readinessProbe": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}},
           "securityContext": {"privileged": true, "runAsNonRoot": false, "runAsUser": 0,
             "capabilities": {"add": ["SYS_ADMIN", "ALL"]}, "procMount": "Default",
             "seccompProfile": {"type": "Unconfined"}, "appArmorProfile": {"type": "Unconfined"},
             "seLinuxOptions": {"type": "other_t", "user": "a"}}},
          {"name": "a", "image": "x", "ports": [{"containerPort": 81, "hostPort": 81}],
           "lifecycle": {"preStop": {"httpGet": {"port": 80, "host": "10.0.0.3"}}},
           "securityContext": {"privileged": true, "runAsNonRoot": false, "runAsUser": 0,
             "capabilities": {"add": ["SYS_ADMIN"], "drop": ["ALL"]},
             "seccompProfile": {"type": "Unconfined"},
             "seLinuxOptions": {"type": "other_t"}}}]})"},
    {kBaseline, R"({"hostUsers": false, "securityContext": {"runAsNonRoot": null}, "containers": [
        {"name": "main", "image": "busybox", "securityContext": {"procMount": "Unmasked"}},
        {"name": "b", "image": "x", "securityContext": {"procMount": "Unmasked"}}]})"},
};

// Of its only container's copy, which stands beside it, before it, or both.
constexpr Row kContainers[] = {
    {kPrivileged, R"({"securityContext": {"privileged": true, "allowPrivilegeEscalation": true}})"},
    {kRestricted, R"({"securityContext": {"privileged": false}})"},
    {kBaseline, R"({"securityContext": {"allowPrivilegeEscalation": null}})"},
    {kBaseline, R"({"securityContext": {"capabilities": null}})"},
    {kBaseline, R"({"securityContext": {"capabilities": {"drop": ["NET_RAW"]}}})"},
    {kRestricted, R"({"securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}}})"},
    {kBaseline, R"({"securityContext": {"capabilities": {"add": ["CHOWN"]}}})"},
    {kPrivileged, R"({"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}})"},
    {kPrivileged, R"({"securityContext": {"capabilities": {"add": ["ALL"]}}})"},
    {kBaseline, R"({"securityContext": null})"},
    {kBaseline, R"({"securityContext": {"runAsNonRoot": false}})"},
    {kRestricted, R"({"securityContext": {"runAsNonRoot": true}})"},
    {kBaseline, R"({"securityContext": {"runAsUser": 0}})"},
    {kPrivileged, R"({"securityContext": {"seccompProfile": {"type": "Unconfined"}}})"},
    {kRestricted, R"({"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}})"},
    {kPrivileged, R"({"securityContext": {"appArmorProfile": {"type": "Unconfined"}}})"},
    {kPrivileged, R"({"securityContext": {"seLinuxOptions": {"type": "spc_t"}}})"},
    {kRestricted, R"({"securityContext": {"procMount": "Default"}})"},
    {kRestricted, R"({"ports": [{"containerPort": 80}]})"},
    {kPrivileged, R"({"ports": [{"containerPort": 80, "hostPort": 80}]})"},
    {kPrivileged, R"({"livenessProbe": {"httpGet": {"port": 80, "host": "10.0.0.1"}}})"},
    {kPrivileged, R"({"readinessProbe": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}})"},
    {kRestricted, R"({"startupProbe": {"httpGet": {"port": 80}}})"},
    {kPrivileged, R"({"lifecycle": {"postStart": {"httpGet": {"port": 80, "host": "10.0.0.1"}}}})"},
    {kPrivileged, R"({"lifecycle": {"preStop": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}}})"},
    {kRestricted, R"({"lifecycle": {"preStop": {"exec": {"command": ["true"]}}}})"},
};

// Handlers are for containers that stay.
bool may_be_init(const Json& container) {
  return !container.contains("livenessProbe") && !container.contains("readinessProbe") &&
         !container.contains("startupProbe") && !container.contains("lifecycle");
}

}  // namespace

Json restricted_pod() {
  return Json::parse(R"({
    "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [{"name": "main", "image": "busybox", "securityContext": {
      "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]})");
}

std::vector<PodSecurityCase> pod_security_cases() {
  std::vector<PodSecurityCase> cases;
  for (const Row& row : kPods) {
    Json& spec = cases.emplace_back(PodSecurityCase{row.taken, restricted_pod()}).spec;
    spec.merge_patch(Json::parse(row.change));
  }
  for (const Row& row : kContainers) {
    Json beside = restricted_pod();
    Json container = beside["containers"][0];
    container.merge_patch(Json::parse(row.change));
    container["name"] = "other";
    Json before = beside;
    beside["containers"].push_back(container);
    cases.push_back({row.taken, beside});
    if (!may_be_init(container)) continue;
    before["initContainers"] = {container};
    cases.push_back({row.taken, before});
    container["name"] = "first";
    beside["initContainers"] = {container};
    // Their ports would be the same.
    if (!container.contains("ports")) cases.push_back({row.taken, std::move(beside)});
  }
  return cases;
}

}  // namespace sandboxlet::api
