#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "api/sandbox.h"
#include "scheduler-shim/labels.h"
#include "scheduler-shim/pod_info.h"
#include "scheduler-shim/resources.h"
#include "scheduler-shim/taints.h"

namespace sandboxlet::scheduler {

struct NodeImage {
  std::vector<std::string> names;
  int64_t size_bytes = 0;

  bool operator==(const NodeImage&) const = default;
};

// A SandboxNode (sandboxlet.io/v1alpha1) as the scheduler sees it. Plain data.
struct NodeInfo {
  std::string name;
  Labels labels;
  bool unschedulable = false;
  // Its condition Ready. Whether its lease is renewed is told apart (Cache::set_alive).
  bool ready = false;
  std::vector<Taint> taints;
  Resources allocatable;
  std::set<std::string> runtime_handlers;
  std::set<api::Depth> depths;
  std::vector<NodeImage> images;

  bool operator==(const NodeInfo&) const = default;
};

// What the core Node of that name says holds beside: that it is cordoned, its taints, by which the
// cluster tells of its condition, and labels that the SandboxNode has not. Its resources are Pods'
// matter.
void add_core_node(NodeInfo& node, const NodeInfo& core);

// True where the spec's nodeSelector and required node affinity select the node (component-helpers:
// nodeaffinity.RequiredNodeAffinity).
bool selects_node(const PodTemplateInfo& spec, const NodeInfo& node);
bool selects_node(const NodeTerm& term, const NodeInfo& node);
// The same of alternatives; without any, all nodes are selected.
bool selects_any_of(const std::vector<NodeTerm>& terms, const NodeInfo& node);

}  // namespace sandboxlet::scheduler
