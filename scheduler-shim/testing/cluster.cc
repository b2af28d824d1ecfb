#include "scheduler-shim/testing/cluster.h"

#include <algorithm>
#include <stdexcept>

namespace sandboxlet::scheduler {

namespace {

bool passes_all(const Filters& filters, const Subject& subject, NodeId node) {
  return std::all_of(filters.begin(), filters.end(), [&](const auto& filter) {
    return !filter->prepare(subject) || filter->check(subject, node, nullptr);
  });
}

}  // namespace

void TestCluster::add_node(const std::string& name, const Json& patch) {
  cache.set_node(node_info(name, patch));
}

void TestCluster::add_node_in(const std::string& zone, const std::string& name) {
  add_node(name, {{"metadata", {{"labels", {{"zone", zone}}}}}});
}

PodInfo TestCluster::pod(const TestSandbox& sandbox) {
  auto info = reader.read(sandbox_json(sandbox));
  if (!info) throw std::logic_error(info.error().message());
  return std::move(*info);
}

void TestCluster::bind(const TestSandbox& sandbox, const std::string& node) {
  PodInfo bound = pod(sandbox);
  bound.node_name = node;
  cache.set_sandbox(std::move(bound));
}

Decision TestCluster::decide(const TestSandbox& sandbox) {
  return scheduler.decide(pod(sandbox), cache);
}

std::vector<std::string> TestCluster::feasible(const TestSandbox& sandbox) {
  const PodInfo info = pod(sandbox);
  const Subject subject{info, cache, cache.classes().get(info),
                        cache.matches().matching(info.identity)};
  const Filters object = make_object_filters();
  const Filters usage = make_usage_filters();
  std::vector<std::string> names;
  for (const NodeId node : cache.nodes().order()) {
    if (passes_all(object, subject, node) && passes_all(usage, subject, node)) {
      names.push_back(cache.nodes()[node].name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sandboxlet::scheduler
