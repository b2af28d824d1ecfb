#include "scheduler-shim/node_info.h"

#include <algorithm>

namespace sandboxlet::scheduler {

void add_core_node(NodeInfo& node, const NodeInfo& core) {
  const auto& more = core.labels.entries();
  api::StringMap labels(more.begin(), more.end());
  for (const auto& [key, value] : node.labels.entries()) labels[key] = value;
  node.labels = Labels(labels);
  node.unschedulable = node.unschedulable || core.unschedulable;
  node.taints.insert(node.taints.end(), core.taints.begin(), core.taints.end());
}

bool selects_node(const NodeTerm& term, const NodeInfo& node) {
  if (term.labels.empty() && term.fields.empty()) return false;
  if (!matches(term.labels, node.labels)) return false;
  return term.fields.empty() ||
         matches(term.fields, Labels(api::StringMap{{"metadata.name", node.name}}));
}

bool selects_any_of(const std::vector<NodeTerm>& terms, const NodeInfo& node) {
  return terms.empty() || std::any_of(terms.begin(), terms.end(), [&](const NodeTerm& term) {
           return selects_node(term, node);
         });
}

bool selects_node(const PodTemplateInfo& spec, const NodeInfo& node) {
  if (!matches(spec.node_selector, node.labels)) return false;
  const auto& terms = spec.required_node_terms;
  return !spec.requires_node_terms ||
         std::any_of(terms.begin(), terms.end(),
                     [&](const NodeTerm& term) { return selects_node(term, node); });
}

}  // namespace sandboxlet::scheduler
