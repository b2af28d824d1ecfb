#include "scheduler-shim/node_table.h"

#include <algorithm>

namespace sandboxlet::scheduler {

NodeId NodeTable::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? kNoNode : found->second;
}

NodeId NodeTable::find_or_make(const std::string& name) {
  const auto [entry, made] = by_name_.try_emplace(name, kNoNode);
  if (!made) return entry->second;
  if (free_.empty()) {
    entry->second = static_cast<NodeId>(nodes_.size());
    nodes_.emplace_back();
    resources_.emplace_back();
    generations_.emplace_back();
  } else {
    entry->second = free_.back();
    free_.pop_back();
  }
  nodes_[entry->second].name = name;
  changed(entry->second);
  return entry->second;
}

bool NodeTable::set(NodeId id, NodeInfo info) {
  Node& node = nodes_[id];
  if (node.known && node.info == info) return false;
  resources_[id].allocatable = info.allocatable;
  node.info = std::move(info);
  changed(id);
  if (node.known) return true;
  node.known = true;
  order_.push_back(id);
  std::swap(order_.back(), order_[random_() % order_.size()]);
  return true;
}

bool NodeTable::set_alive(NodeId id, bool alive) {
  if (nodes_[id].alive == alive) return false;
  nodes_[id].alive = alive;
  changed(id);
  return true;
}

void NodeTable::set_unknown(NodeId id) {
  Node& node = nodes_[id];
  if (!node.known) return;
  node.known = false;
  node.alive = true;
  node.info = {};
  resources_[id].allocatable = {};
  changed(id);
  order_.erase(std::find(order_.begin(), order_.end(), id));
}

void NodeTable::free_if_unused(NodeId id) {
  Node& node = nodes_[id];
  if (node.known || node.sandboxes > 0) return;
  by_name_.erase(node.name);
  node = Node();
  resources_[id] = {};
  free_.push_back(id);
}

}  // namespace sandboxlet::scheduler
