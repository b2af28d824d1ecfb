#include "scheduler-shim/filter.h"

#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

Filters make_object_filters() {
  Filters filters;
  filters.push_back(make_node_unschedulable());
  filters.push_back(make_node_readiness());
  filters.push_back(make_node_name());
  filters.push_back(make_taint_toleration());
  filters.push_back(make_node_affinity());
  filters.push_back(make_runtime_handler());
  filters.push_back(make_suspend_depth());
  return filters;
}

Filters make_usage_filters() {
  Filters filters;
  filters.push_back(make_node_ports());
  filters.push_back(make_node_resources_fit());
  filters.push_back(make_volume_restrictions());
  filters.push_back(make_volume_binding());
  filters.push_back(make_pod_topology_spread());
  filters.push_back(make_inter_pod_affinity());
  return filters;
}

}  // namespace sandboxlet::scheduler
