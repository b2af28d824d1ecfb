#pragma once

#include <cstdint>
#include <initializer_list>
#include <set>
#include <string_view>

#include "api/field.h"
#include "api/sandbox.h"

namespace sandboxlet::api {

// The parts of validate() (validation.h), one file a topic. Each adds to its field's findings.

// Views into the Sandbox under validation.
using NameSet = std::set<std::string_view>;

// validate_value.cc: what many fields have in common.
void validate_choice(const Field& field, std::string_view value,
                     std::initializer_list<std::string_view> supported);
void validate_range(const Field& field, int64_t value, int64_t low, int64_t high);
// No NUL, which no path, argument or variable of a process can hold.
void validate_text(const Field& field, std::string_view text);
// Empty or RFC 3339.
void validate_time(const Field& field, const Time& time);
// A finding where name is in seen already; it is from now on.
void validate_unique(const Field& field, std::string_view name, NameSet& seen);

// validate_metadata.cc
void validate_metadata(const Field& field, const ObjectMeta& metadata);
void validate_labels(const Field& field, const StringMap& labels);
void validate_annotations(const Field& field, const StringMap& annotations);

// validate_resources.cc
void validate_resources(const Field& field, const ResourceRequirements& resources);
// A quantity that is a size of storage to be had: greater than zero.
void validate_storage(const Field& field, const std::string& quantity);
void validate_size_limit(const Field& field, const EmptyDirVolumeSource& source);

// validate_security.cc
void validate_security(const Field& field, const SecurityContext& context);
void validate_pod_security(const Field& field, const PodSecurityContext& context);

// validate_container.cc
void validate_containers(const Field& field, const std::vector<Container>& containers,
                         const NameSet& volumes);

// validate_volumes.cc
// A volume that has the name of a claim template gives way to it, as upstream merges them
// (agent-sandbox: MergeVolumeClaimVolumes), and is not looked at.
void validate_volumes(const Field& field, const std::vector<Volume>& volumes,
                      const NameSet& claims);
void validate_claims(const Field& field, const std::vector<ClaimTemplate>& claims,
                     const std::string& sandbox_name);

// validate_pod.cc
void validate_pod(const Field& field, const PodSpec& pod, const NameSet& claims);

// validate_networking.cc
void validate_networking(const Field& field, const NetworkingSpec& networking);

}  // namespace sandboxlet::api
