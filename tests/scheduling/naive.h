#pragma once

#include <map>
#include <string>
#include <vector>

#include "scheduler-shim/claim_info.h"
#include "scheduler-shim/node_info.h"
#include "scheduler-shim/pod_info.h"

namespace sandboxlet::scheduler {

// What a scheduler has been told and has decided itself, as plain lists.
struct Known {
  struct Placed {
    PodInfo pod;
    std::string node;
  };
  std::map<std::string, NodeInfo> nodes;
  std::map<std::string, bool> alive;
  std::map<std::string, Placed> placed;
  std::map<std::string, Labels> namespaces;
  // By "namespace/name"; all are of the local provisioner.
  std::map<std::string, ClaimInfo> claims;
  std::map<std::string, VolumeInfo> volumes;
};

// The rules once more, read straight off the lists, without any of the indexes that the filters
// use: slow, and made to be compared with them.
bool naive_fits(const Known& known, const PodInfo& pod, const NodeInfo& node);
std::vector<std::string> naive_feasible(const Known& known, const PodInfo& pod);

}  // namespace sandboxlet::scheduler
