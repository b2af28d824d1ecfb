#pragma once

#include "api/pod.h"

namespace sandboxlet::api {

inline constexpr char kSandboxApiVersion[] = "agents.x-k8s.io/v1beta1";
inline constexpr char kSandboxKind[] = "Sandbox";
// Kept in place while a node holds anything of the Sandbox.
inline constexpr char kNodeFinalizer[] = "sandboxlet.io/node";

struct ClaimMetadata {
  std::string name;
  StringMap labels;
  StringMap annotations;
  bool operator==(const ClaimMetadata&) const = default;
};
BOOST_DESCRIBE_STRUCT(ClaimMetadata, (), (name, labels, annotations))

struct ClaimSpec {
  std::vector<std::string> accessModes;
  std::optional<std::string> storageClassName;
  ResourceRequirements resources;
  std::string volumeMode;
  bool operator==(const ClaimSpec&) const = default;
};
BOOST_DESCRIBE_STRUCT(ClaimSpec, (), (accessModes, storageClassName, resources, volumeMode))

struct ClaimTemplate {
  ClaimMetadata metadata;
  ClaimSpec spec;
  bool operator==(const ClaimTemplate&) const = default;
};
BOOST_DESCRIBE_STRUCT(ClaimTemplate, (), (metadata, spec))

// How deep a Sandbox is suspended; later ones keep less and give back more (design: suspend.md).
enum class Depth { kRunning, kFreeze, kHibernate, kStop, kTerminate };
// "Freeze", "Hibernate", "Stop", "Terminate"; "Running" for kRunning.
std::string to_string(Depth depth);
// The depth of that name, kRunning for none.
Depth parse_depth(const std::string& name);

struct SuspendSpec {
  std::string depth;
  std::string deepest;
  std::string idleTimeout;  // a Go duration
  std::optional<bool> wakeOnTraffic;
  bool operator==(const SuspendSpec&) const = default;
};
BOOST_DESCRIBE_STRUCT(SuspendSpec, (), (depth, deepest, idleTimeout, wakeOnTraffic))

struct ServicePort {
  std::string name;
  int32_t port = 0;
  std::optional<IntOrString> targetPort;
  std::string protocol;
  bool operator==(const ServicePort&) const = default;
};
BOOST_DESCRIBE_STRUCT(ServicePort, (), (name, port, targetPort, protocol))

struct ServiceSpec {
  std::string type;
  std::vector<ServicePort> ports;
  bool operator==(const ServiceSpec&) const = default;
};
BOOST_DESCRIBE_STRUCT(ServiceSpec, (), (type, ports))

struct RouteRef {
  std::string group;
  std::string kind;
  std::string name;
  bool operator==(const RouteRef&) const = default;
};
BOOST_DESCRIBE_STRUCT(RouteRef, (), (group, kind, name))

struct NetworkingSpec {
  std::optional<ServiceSpec> service;
  std::vector<RouteRef> routeRefs;
  bool operator==(const NetworkingSpec&) const = default;
};
BOOST_DESCRIBE_STRUCT(NetworkingSpec, (), (service, routeRefs))

struct SandboxSpec {
  PodTemplate podTemplate;
  std::vector<ClaimTemplate> volumeClaimTemplates;
  std::optional<bool> service;
  Time shutdownTime;
  std::string shutdownPolicy;  // Delete or Retain
  std::string operatingMode;   // Running or Suspended
  std::optional<bool> pause;
  std::optional<SuspendSpec> suspend;
  std::optional<NetworkingSpec> networking;
  bool operator==(const SandboxSpec&) const = default;
};
BOOST_DESCRIBE_STRUCT(SandboxSpec, (),
                      (podTemplate, volumeClaimTemplates, service, shutdownTime, shutdownPolicy,
                       operatingMode, pause, suspend, networking))

struct LastResume {
  std::string cause;  // User, Exec, ...
  double milliseconds = 0;
  bool operator==(const LastResume&) const = default;
};
BOOST_DESCRIBE_STRUCT(LastResume, (), (cause, milliseconds))

struct SuspendStatus {
  std::string depth;
  std::string reason;  // User, Idle, Pressure
  Time since;
  std::optional<LastResume> lastResume;
  bool operator==(const SuspendStatus&) const = default;
};
BOOST_DESCRIBE_STRUCT(SuspendStatus, (), (depth, reason, since, lastResume))

struct ContainerStatus {
  std::string name;
  std::string state;   // Waiting, Running, Terminated
  std::string reason;  // CrashLoopBackOff, ImagePullBackOff, Completed, Error, OOMKilled, ...
  std::string message;
  std::optional<int32_t> exitCode;
  int32_t restartCount = 0;
  std::string image;
  Time startedAt;
  Time finishedAt;
  bool operator==(const ContainerStatus&) const = default;
};
BOOST_DESCRIBE_STRUCT(ContainerStatus, (),
                      (name, state, reason, message, exitCode, restartCount, image, startedAt,
                       finishedAt))

// It is to leave its node: the shim's word, for its agent.
struct Eviction {
  std::string reason;  // NoExecuteTaint, NodeDrained
  std::string message;
  Time since;  // another for each eviction
  bool operator==(const Eviction&) const = default;
};
BOOST_DESCRIBE_STRUCT(Eviction, (), (reason, message, since))

struct SandboxStatus {
  std::vector<std::string> podIPs;
  std::string nodeName;
  std::optional<SuspendStatus> suspend;
  std::vector<ContainerStatus> containers;
  std::vector<Condition> conditions;
  // The headless Service, where there is one. Told by the shim, with more that no agent needs.
  std::string service;
  std::optional<Eviction> eviction;
  // The agent's answer: nothing of it runs here any more, nor will. eviction.since.
  Time evicted;
  bool operator==(const SandboxStatus&) const = default;
};
BOOST_DESCRIBE_STRUCT(SandboxStatus, (),
                      (podIPs, nodeName, suspend, containers, conditions, service, eviction,
                       evicted))

struct Sandbox {
  std::string apiVersion;
  std::string kind;
  ObjectMeta metadata;
  SandboxSpec spec;
  SandboxStatus status;
  bool operator==(const Sandbox&) const = default;
};
BOOST_DESCRIBE_STRUCT(Sandbox, (), (apiVersion, kind, metadata, spec, status))

// What a Service is called that spec.networking.service asks for; the headless one has the
// Sandbox's own name.
std::string own_service_name(const std::string& sandbox);

// The claim template of that name; nullptr where there is none. A volume of its name gives way to
// it, as upstream merges them (agent-sandbox: MergeVolumeClaimVolumes).
const ClaimTemplate* claim_template(const SandboxSpec& spec, const std::string& name);
// What the PersistentVolumeClaim of a template is called.
std::string claim_name(const std::string& claim_template, const std::string& sandbox);

// True where the user asks for suspension: operatingMode Suspended, or pause (design: suspend.md).
bool wants_suspension(const SandboxSpec& spec);
// The depth that a suspension goes to at once, whoever asks for it.
Depth asked_depth(const SandboxSpec& spec);
// The same of the one that the user asks for; kRunning where they ask for none.
Depth wanted_depth(const SandboxSpec& spec);

}  // namespace sandboxlet::api
