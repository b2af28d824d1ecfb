#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/sandbox.h"
#include "base/clock.h"
#include "scheduler-shim/labels.h"
#include "scheduler-shim/resources.h"
#include "scheduler-shim/taints.h"

namespace sandboxlet::scheduler {

// One alternative of a node affinity; both lists must hold, and with neither it selects nothing.
struct NodeTerm {
  Selector labels;
  // On the only field there is, metadata.name.
  Selector fields;
  // What it adds to a node's score; without meaning among the required ones.
  int32_t weight = 0;

  bool operator==(const NodeTerm&) const = default;
};
BOOST_DESCRIBE_STRUCT(NodeTerm, (), (labels, fields, weight))

// metav1.LabelSelector on Sandboxes' labels.
struct PodSelector {
  // Where the manifest has no selector at all: that selects nothing, while an empty one selects
  // all.
  bool nothing = true;
  Selector labels;

  bool operator==(const PodSelector&) const = default;
};
BOOST_DESCRIBE_STRUCT(PodSelector, (), (nothing, labels))

// core/v1 PodAffinityTerm.
struct AffinityTerm {
  PodSelector selector;
  std::string topology_key;
  // With neither of both the Sandbox's own namespace is meant.
  std::vector<std::string> namespaces;
  PodSelector namespace_selector;
  // Labels whose own value the others must have too, or must not have.
  std::vector<std::string> match_label_keys;
  std::vector<std::string> mismatch_label_keys;
  // 1..100 of a preferred term, negative where it is of anti-affinity.
  int32_t weight = 0;

  bool operator==(const AffinityTerm&) const = default;
};
BOOST_DESCRIBE_STRUCT(AffinityTerm, (),
                      (selector, topology_key, namespaces, namespace_selector, match_label_keys,
                       mismatch_label_keys, weight))

// core/v1 TopologySpreadConstraint.
struct SpreadConstraint {
  int32_t max_skew = 1;
  int32_t min_domains = 1;
  std::string topology_key;
  // DoNotSchedule; else ScheduleAnyway.
  bool hard = true;
  PodSelector selector;
  std::vector<std::string> match_label_keys;
  // Which nodes count: only those that the Sandbox's node affinity selects, only those whose taints
  // it tolerates.
  bool honors_affinity = true;
  bool honors_taints = false;

  bool operator==(const SpreadConstraint&) const = default;
};
BOOST_DESCRIBE_STRUCT(SpreadConstraint, (),
                      (max_skew, min_domains, topology_key, hard, selector, match_label_keys,
                       honors_affinity, honors_taints))

struct HostPort {
  uint16_t port = 0;
  std::string protocol = "TCP";
  // 0.0.0.0 takes the port on all addresses.
  std::string ip = "0.0.0.0";

  bool operator==(const HostPort&) const = default;
};
BOOST_DESCRIBE_STRUCT(HostPort, (), (port, protocol, ip))

// All of a Sandbox's spec that says where it may and would like to go. Immutable and shared among
// the Sandboxes in which it is equal (pool.h).
struct PodTemplateInfo {
  Resources requests;
  // What scores see: a container without a request counts with 100m and 200Mi there (upstream).
  int64_t scoring_milli_cpu = 0;
  int64_t scoring_memory = 0;
  std::vector<HostPort> host_ports;
  // Of all containers, with ":latest" where there is no tag.
  std::vector<std::string> images;

  std::string node_name;
  Selector node_selector;
  // Present, if maybe without terms: then no node does.
  bool requires_node_terms = false;
  std::vector<NodeTerm> required_node_terms;
  std::vector<NodeTerm> preferred_node_terms;
  std::vector<Toleration> tolerations;

  std::vector<AffinityTerm> affinity;
  std::vector<AffinityTerm> anti_affinity;
  std::vector<AffinityTerm> preferred_affinity;
  std::vector<SpreadConstraint> spread;

  // Empty: the node's default.
  std::string runtime_handler;
  // The depth that the manifest names; kRunning where it names none.
  api::Depth suspend_depth = api::Depth::kRunning;
  // Why no node can do while the spec is as it is; empty where one may.
  std::string unplaceable;
  // That is its gates alone: nobody has to be told that it waits.
  bool is_gated = false;

  bool operator==(const PodTemplateInfo&) const = default;
};
BOOST_DESCRIBE_STRUCT(PodTemplateInfo, (),
                      (requests, scoring_milli_cpu, scoring_memory, host_ports, images, node_name,
                       node_selector, requires_node_terms, required_node_terms,
                       preferred_node_terms, tolerations, affinity, anti_affinity,
                       preferred_affinity, spread, runtime_handler, suspend_depth, unplaceable,
                       is_gated))

// What selectors of other Sandboxes see of one. Immutable, shared.
struct PodIdentity {
  std::string namespace_;
  // Of the pod template, as a Pod's would be.
  Labels labels;

  bool operator==(const PodIdentity&) const = default;
};
BOOST_DESCRIBE_STRUCT(PodIdentity, (), (namespace_, labels))

// A PersistentVolumeClaim that a Sandbox uses, in its namespace.
struct PodClaim {
  std::string name;
  // Made from one of its claim templates, and to be its own; else its pod names it.
  bool is_own = false;

  bool operator==(const PodClaim&) const = default;
};

// A Sandbox as the scheduler sees it. Plain data; small, because all of the cluster's are held.
struct PodInfo {
  std::string uid;
  std::string name;
  std::string resource_version;
  std::shared_ptr<const PodTemplateInfo> spec;
  std::shared_ptr<const PodIdentity> identity;
  // Null where it uses none, as most do.
  std::shared_ptr<const std::vector<PodClaim>> claims;
  WallTime created{};
  int32_t priority = 0;
  // The depth whose share it holds now (held.h).
  api::Depth depth = api::Depth::kRunning;
  // Asked to be suspended.
  bool wants_suspension = false;
  bool deleting = false;
  // Nothing of it runs nor will: it has finished or has expired.
  bool ended = false;
  // The binding (status.nodeName); empty where it has none.
  std::string node_name;
  // The node that has state of its earlier life; empty where none is known.
  std::string state_node;

  // True where a node is to be found. One that was created suspended waits until it shall run.
  bool needs_node() const { return node_name.empty() && !deleting && !ended && !wants_suspension; }
};

}  // namespace sandboxlet::scheduler
