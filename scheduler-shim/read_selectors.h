#pragma once

#include <vector>

#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/pod_info.h"

namespace sandboxlet::scheduler {

// Parts that several objects have. Each reads the field of that name in an object.

// {key: value}, as conditions that each label has its value.
Selector read_equalities(JsonReader& reader, const Json& in, std::string_view name);
// [{key, operator, values}]; Gt and Lt are of nodes alone.
Selector read_requirements(JsonReader& reader, const Json& in, std::string_view name);
// core/v1 NodeSelector: its terms.
std::vector<NodeTerm> read_node_selector(JsonReader& reader, const Json& in, std::string_view name);
// metav1.LabelSelector.
PodSelector read_pod_selector(JsonReader& reader, const Json& in, std::string_view name);
std::vector<Toleration> read_tolerations(JsonReader& reader, const Json& in, std::string_view name);
std::vector<Taint> read_taints(JsonReader& reader, const Json& in, std::string_view name);

// spec.affinity and spec.topologySpreadConstraints of a pod, into info.
void read_affinity(JsonReader& reader, const Json& pod_spec, PodTemplateInfo& info);
void read_spread(JsonReader& reader, const Json& pod_spec, PodTemplateInfo& info);

}  // namespace sandboxlet::scheduler
