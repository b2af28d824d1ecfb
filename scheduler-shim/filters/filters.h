#pragma once

#include <memory>

#include "scheduler-shim/filter.h"

namespace sandboxlet::scheduler {

// Of a claim that is another's alone (kubernetes: volumerestrictions).
inline constexpr char kIsTaken[] =
    "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";

// spec.unschedulable, unless the taint that stands for it is tolerated.
std::unique_ptr<Filter> make_node_unschedulable();
// The node's condition Ready, and its lease.
std::unique_ptr<Filter> make_node_readiness();
// The node that the spec names itself.
std::unique_ptr<Filter> make_node_name();
// NoSchedule and NoExecute taints.
std::unique_ptr<Filter> make_taint_toleration();
// nodeSelector and required node affinity.
std::unique_ptr<Filter> make_node_affinity();
// The handler of the spec's RuntimeClass.
std::unique_ptr<Filter> make_runtime_handler();
// The suspend depth that the spec names: a node that cannot do it stays at a shallower one, and
// gives back less than was asked for.
std::unique_ptr<Filter> make_suspend_depth();

std::unique_ptr<Filter> make_node_ports();
// Requests, and the number of Sandboxes that the node takes.
std::unique_ptr<Filter> make_node_resources_fit();
// ReadWriteOncePod: a claim that one Sandbox at a time may have.
std::unique_ptr<Filter> make_volume_restrictions();
// Claims: where their volumes are, or can be.
std::unique_ptr<Filter> make_volume_binding();
// Spread that is to hold (DoNotSchedule).
std::unique_ptr<Filter> make_pod_topology_spread();
// Required affinity and anti-affinity, both ways.
std::unique_ptr<Filter> make_inter_pod_affinity();

}  // namespace sandboxlet::scheduler
