#include "scheduler-shim/topology.h"

namespace sandboxlet::scheduler {

KeyId Topology::acquire(const std::string& name) {
  const auto [entry, made] = by_name_.try_emplace(name, KeyId{});
  if (made) {
    if (free_.empty()) {
      free_.push_back(static_cast<KeyId>(keys_.size()));
      keys_.emplace_back();
    }
    entry->second = free_.back();
    free_.pop_back();
    Key& key = keys_[entry->second];
    key.name = name;
    for (NodeId node = 0; node < nodes_.size(); ++node) place(key, node);
  }
  ++keys_[entry->second].users;
  return entry->second;
}

void Topology::release(KeyId id) {
  Key& key = keys_[id];
  if (--key.users > 0) return;
  by_name_.erase(key.name);
  key = Key();
  free_.push_back(id);
}

void Topology::update(NodeId node) {
  for (Key& key : keys_) {
    if (key.users > 0) place(key, node);
  }
}

void Topology::place(Key& key, NodeId node) {
  if (key.of_node.size() <= node) key.of_node.resize(node + 1, kNoDomain);
  Domain& domain = key.of_node[node];
  const std::string* value = nodes_[node].info.labels.find(key.name);
  if (domain != kNoDomain) {
    if (value != nullptr && key.values[domain] == *value) return;
    leave(key, domain);
    domain = kNoDomain;
  }
  if (value != nullptr) domain = enter(key, *value);
}

Domain Topology::enter(Key& key, const std::string& value) {
  const auto [entry, made] = key.by_value.try_emplace(value, kNoDomain);
  if (made) {
    if (key.free.empty()) {
      key.free.push_back(static_cast<Domain>(key.values.size()));
      key.values.emplace_back();
      key.nodes_in.push_back(0);
    }
    entry->second = key.free.back();
    key.free.pop_back();
    key.values[entry->second] = value;
  }
  ++key.nodes_in[entry->second];
  return entry->second;
}

void Topology::leave(Key& key, Domain domain) {
  if (--key.nodes_in[domain] > 0) return;
  key.by_value.erase(key.values[domain]);
  key.values[domain].clear();
  key.free.push_back(domain);
}

}  // namespace sandboxlet::scheduler
