#pragma once

#include <utility>

#include "api/meta.h"

namespace sandboxlet::api {

// The part of core/v1 PodSpec that this agent can do. Whatever else a manifest asks for is reported
// by path when it is read (json.h) and refused, never ignored.

struct ContainerPort {
  std::string name;
  std::optional<int32_t> hostPort;
  int32_t containerPort = 0;
  std::string protocol;
  std::string hostIP;
  bool operator==(const ContainerPort&) const = default;
};
BOOST_DESCRIBE_STRUCT(ContainerPort, (), (name, hostPort, containerPort, protocol, hostIP))

struct EnvVar {
  std::string name;
  std::string value;
  bool operator==(const EnvVar&) const = default;
};
BOOST_DESCRIBE_STRUCT(EnvVar, (), (name, value))

// A quantity as written ("500m"). JSON may have it as a number, which is kept as its text.
struct QuantityText : std::string {
  using std::string::string;
  QuantityText(std::string text) : std::string(std::move(text)) {}
};

// Quantities by resource name ("cpu", "memory", "ephemeral-storage").
struct ResourceList : StringMap {
  using StringMap::StringMap;
  ResourceList(StringMap quantities) : StringMap(std::move(quantities)) {}
};

struct ResourceRequirements {
  ResourceList limits;
  ResourceList requests;
  bool operator==(const ResourceRequirements&) const = default;
};
BOOST_DESCRIBE_STRUCT(ResourceRequirements, (), (limits, requests))

struct VolumeMount {
  std::string name;
  std::string mountPath;
  std::optional<bool> readOnly;
  bool operator==(const VolumeMount&) const = default;
};
BOOST_DESCRIBE_STRUCT(VolumeMount, (), (name, mountPath, readOnly))

struct Capabilities {
  std::vector<std::string> add;
  std::vector<std::string> drop;
  bool operator==(const Capabilities&) const = default;
};
BOOST_DESCRIBE_STRUCT(Capabilities, (), (add, drop))

struct SeccompProfile {
  std::string type;  // RuntimeDefault or Unconfined
  bool operator==(const SeccompProfile&) const = default;
};
BOOST_DESCRIBE_STRUCT(SeccompProfile, (), (type))

struct SecurityContext {
  std::optional<Capabilities> capabilities;
  std::optional<bool> privileged;
  std::optional<int64_t> runAsUser;
  std::optional<int64_t> runAsGroup;
  std::optional<bool> readOnlyRootFilesystem;
  std::optional<bool> allowPrivilegeEscalation;
  std::optional<SeccompProfile> seccompProfile;
  bool operator==(const SecurityContext&) const = default;
};
BOOST_DESCRIBE_STRUCT(SecurityContext, (),
                      (capabilities, privileged, runAsUser, runAsGroup, readOnlyRootFilesystem,
                       allowPrivilegeEscalation, seccompProfile))

struct PodSecurityContext {
  std::optional<int64_t> runAsUser;
  std::optional<int64_t> runAsGroup;
  std::optional<SeccompProfile> seccompProfile;
  bool operator==(const PodSecurityContext&) const = default;
};
BOOST_DESCRIBE_STRUCT(PodSecurityContext, (), (runAsUser, runAsGroup, seccompProfile))

struct Container {
  std::string name;
  std::string image;
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::string workingDir;
  std::vector<ContainerPort> ports;
  std::vector<EnvVar> env;
  ResourceRequirements resources;
  std::vector<VolumeMount> volumeMounts;
  std::string imagePullPolicy;  // Always, IfNotPresent, Never
  std::optional<SecurityContext> securityContext;
  std::optional<bool> stdin;
  std::optional<bool> stdinOnce;
  std::optional<bool> tty;
  bool operator==(const Container&) const = default;
};
BOOST_DESCRIBE_STRUCT(Container, (),
                      (name, image, command, args, workingDir, ports, env, resources, volumeMounts,
                       imagePullPolicy, securityContext, stdin, stdinOnce, tty))

struct EmptyDirVolumeSource {
  std::string medium;  // "" or Memory
  QuantityText sizeLimit;
  bool operator==(const EmptyDirVolumeSource&) const = default;
};
BOOST_DESCRIBE_STRUCT(EmptyDirVolumeSource, (), (medium, sizeLimit))

struct HostPathVolumeSource {
  std::string path;
  std::string type;  // "", DirectoryOrCreate, Directory, FileOrCreate, File, Socket, CharDevice,
                     // BlockDevice
  bool operator==(const HostPathVolumeSource&) const = default;
};
BOOST_DESCRIBE_STRUCT(HostPathVolumeSource, (), (path, type))

struct PersistentVolumeClaimVolumeSource {
  std::string claimName;
  std::optional<bool> readOnly;
  bool operator==(const PersistentVolumeClaimVolumeSource&) const = default;
};
BOOST_DESCRIBE_STRUCT(PersistentVolumeClaimVolumeSource, (), (claimName, readOnly))

struct Volume {
  std::string name;
  std::optional<EmptyDirVolumeSource> emptyDir;
  std::optional<HostPathVolumeSource> hostPath;
  std::optional<PersistentVolumeClaimVolumeSource> persistentVolumeClaim;
  bool operator==(const Volume&) const = default;
};
BOOST_DESCRIBE_STRUCT(Volume, (), (name, emptyDir, hostPath, persistentVolumeClaim))

struct Toleration {
  std::string key;        // empty: every key
  std::string operator_;  // Exists, Equal
  std::string value;
  std::string effect;  // empty: all effects
  std::optional<int64_t> tolerationSeconds;
  bool operator==(const Toleration&) const = default;
};
BOOST_DESCRIBE_STRUCT(Toleration, (), (key, operator_, value, effect, tolerationSeconds))

struct LocalObjectReference {
  std::string name;
  bool operator==(const LocalObjectReference&) const = default;
};
BOOST_DESCRIBE_STRUCT(LocalObjectReference, (), (name))

struct PodSpec {
  std::vector<Volume> volumes;
  std::vector<Container> containers;
  std::string restartPolicy;  // Always, OnFailure, Never
  std::optional<int64_t> terminationGracePeriodSeconds;
  std::string hostname;
  std::optional<PodSecurityContext> securityContext;
  std::vector<Toleration> tolerations;
  std::vector<LocalObjectReference> imagePullSecrets;
  bool operator==(const PodSpec&) const = default;
};
BOOST_DESCRIBE_STRUCT(PodSpec, (),
                      (volumes, containers, restartPolicy, terminationGracePeriodSeconds, hostname,
                       securityContext, tolerations, imagePullSecrets))

struct PodMetadata {
  StringMap labels;
  StringMap annotations;
  bool operator==(const PodMetadata&) const = default;
};
BOOST_DESCRIBE_STRUCT(PodMetadata, (), (labels, annotations))

struct PodTemplate {
  PodMetadata metadata;
  PodSpec spec;
  bool operator==(const PodTemplate&) const = default;
};
BOOST_DESCRIBE_STRUCT(PodTemplate, (), (metadata, spec))

}  // namespace sandboxlet::api
