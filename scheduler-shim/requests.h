#pragma once

#include <vector>

#include "api/meta.h"
#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/resources.h"

namespace sandboxlet::scheduler {

// What one container asks for.
struct ContainerRequests {
  Resources requests;
  bool has_cpu = false;
  bool has_memory = false;
};

struct InitContainerRequests {
  ContainerRequests container;
  // restartPolicy Always: it goes on running beside the containers.
  bool sidecar = false;
};

// Of a whole pod, as written.
struct RequestsByContainer {
  std::vector<InitContainerRequests> init;
  std::vector<ContainerRequests> containers;
  // spec.resources, by resource name: they take the place of what the containers' sum is.
  Resources pod_level;
  bool pod_level_cpu = false;
  bool pod_level_memory = false;
  // Limits at the pod's level, for what neither it nor any container requests.
  Resources pod_level_limits;
  Resources overhead;
};

struct PodRequests {
  Resources requests;
  int64_t scoring_milli_cpu = 0;
  int64_t scoring_memory = 0;
};

// max(all containers and sidecars; for each init container it and the sidecars before it), the
// pod's own requests in place of that, and the overhead (component-helpers: resource.PodRequests).
PodRequests pod_requests(const RequestsByContainer& pod);

// Reads quantities by resource name; each is held at kMaxQuantity. Those below zero and what is
// no quantity fail at name.
Resources read_resources(JsonReader& reader, const Json& in, std::string_view name);

// Reads a container's or a pod's "resources": a limit without a request is the request too.
ContainerRequests read_requests(JsonReader& reader, const Json& in);

}  // namespace sandboxlet::scheduler
