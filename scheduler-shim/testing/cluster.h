#pragma once

#include <string>
#include <vector>

#include "scheduler-shim/read_pod_info.h"
#include "scheduler-shim/schedule.h"
#include "scheduler-shim/testing/objects.h"

namespace sandboxlet::scheduler {

// A cache, what reads into it and what decides from it.
struct TestCluster {
  Classes classes;
  PodReader reader{classes};
  VolumeIndex volumes;
  Cache cache{volumes};
  Scheduler scheduler;

  // Nodes with these names; each has the label zone where one is given.
  void add_node(const std::string& name, const Json& patch = Json::object());
  void add_node_in(const std::string& zone, const std::string& name);
  PodInfo pod(const TestSandbox& sandbox);
  // Puts a Sandbox on a node, as the watch would show it.
  void bind(const TestSandbox& sandbox, const std::string& node);
  Decision decide(const TestSandbox& sandbox);
  // The names of all nodes that would do, sorted: decides for each node alone.
  std::vector<std::string> feasible(const TestSandbox& sandbox);
  // Why none would do.
  std::string refusal(const TestSandbox& sandbox) { return decide(sandbox).message; }
};

}  // namespace sandboxlet::scheduler
