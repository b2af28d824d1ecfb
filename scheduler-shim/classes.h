#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/pod_info.h"

namespace sandboxlet::scheduler {

// A RuntimeClass (node.k8s.io/v1): what it adds to each pod of it.
struct RuntimeClassInfo {
  std::string handler;
  Resources overhead;
  Selector node_selector;
  std::vector<Toleration> tolerations;

  bool operator==(const RuntimeClassInfo&) const = default;
};

// A PriorityClass (scheduling.k8s.io/v1).
struct PriorityClassInfo {
  int32_t value = 0;
  bool is_default = false;

  bool operator==(const PriorityClassInfo&) const = default;
};

// The cluster's classes by name. For Pods admission writes what these say into each Pod; nobody
// does so for Sandboxes, so it is looked up when one is read.
struct Classes {
  std::map<std::string, RuntimeClassInfo, std::less<>> runtime;
  std::map<std::string, PriorityClassInfo, std::less<>> priority;

  // Of what names none: 0 without a global default, the lowest where there are several
  // (kubernetes: plugin/pkg/admission/priority).
  int32_t default_priority() const;
};

Result<RuntimeClassInfo> read_runtime_class(const Json& object);

}  // namespace sandboxlet::scheduler
