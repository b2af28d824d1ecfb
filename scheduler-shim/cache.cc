#include "scheduler-shim/cache.h"

#include <algorithm>

#include "scheduler-shim/claim_fit.h"
#include "scheduler-shim/held.h"

namespace sandboxlet::scheduler {

namespace {

bool has_soft_taint(const NodeInfo& node) {
  return std::any_of(node.taints.begin(), node.taints.end(), [](const Taint& taint) {
    return taint.effect == TaintEffect::kPreferNoSchedule;
  });
}

}  // namespace

NodeId Cache::find_or_make(const std::string& name) {
  const NodeId known = nodes_.find(name);
  if (known != kNoNode) return known;
  const NodeId made = nodes_.find_or_make(name);
  topology_.update(made);
  return made;
}

Wakes Cache::set_node(NodeInfo info) {
  const NodeId id = find_or_make(info.name);
  images_.set(id, info.images);
  info.images.clear();
  soft_tainted_ += (has_soft_taint(info) ? 1 : 0) - (has_soft_taint(nodes_[id].info) ? 1 : 0);
  if (!nodes_.set(id, std::move(info))) return kNothing;
  topology_.update(id);
  return kNodeChanged;
}

Wakes Cache::set_alive(const std::string& name, bool alive) {
  const NodeId id = nodes_.find(name);
  if (id == kNoNode || !nodes_[id].known) return kNothing;
  return nodes_.set_alive(id, alive) ? kNodeChanged : kNothing;
}

Wakes Cache::remove_node(const std::string& name) {
  const NodeId id = nodes_.find(name);
  if (id == kNoNode || !nodes_[id].known) return kNothing;
  soft_tainted_ -= has_soft_taint(nodes_[id].info) ? 1 : 0;
  images_.set(id, {});
  nodes_.set_unknown(id);
  topology_.update(id);
  nodes_.free_if_unused(id);
  // A domain less may be what a spread waits for.
  return kNodeChanged;
}

Wakes Cache::set_namespace(const std::string& name, Labels labels) {
  // To selectors it is as if all its Sandboxes had gone and come.
  return matches_.set_namespace(name, std::move(labels)) ? kSandboxGone | kSandboxCame : kNothing;
}

Wakes Cache::set_sandbox(PodInfo pod) {
  const bool bound = !pod.node_name.empty();
  const auto before = placed_.find(pod.uid);
  if (pod.ended || (!bound && !is_assumed(pod.uid))) return remove_sandbox(pod.uid);
  const bool was_there = before != placed_.end();
  const NodeId node = bound ? find_or_make(pod.node_name) : before->second.node;
  if (bound) assumed_.erase(pod.uid);
  // What merely confirms what was assumed helps nobody who waits.
  const bool same = was_there && before->second.node == node &&
                    before->second.pod.spec == pod.spec && before->second.pod.depth == pod.depth &&
                    before->second.pod.identity == pod.identity &&
                    before->second.pod.deleting == pod.deleting;
  place(std::move(pod), node);
  if (same) return kNothing;
  return kSandboxCame | (was_there ? kSandboxGone : kNothing);
}

Wakes Cache::remove_sandbox(const std::string& uid) {
  assumed_.erase(uid);
  if (!placed_.contains(uid)) return kNothing;
  displace(uid);
  return kSandboxGone;
}

Wakes Cache::assume(PodInfo pod, NodeId node, TimePoint expires) {
  assumed_[pod.uid] = expires;
  if (pod.claims) keep_volumes(pod, node);
  place(std::move(pod), node);
  return kSandboxCame;
}

Wakes Cache::forget(const std::string& uid) {
  return is_assumed(uid) ? remove_sandbox(uid) : kNothing;
}

std::vector<std::string> Cache::expire(TimePoint now) {
  std::vector<std::string> expired;
  for (const auto& [uid, expires] : assumed_) {
    if (expires <= now) expired.push_back(uid);
  }
  for (const auto& uid : expired) forget(uid);
  return expired;
}

void Cache::place(PodInfo pod, NodeId node) {
  const auto [entry, made] = placed_.try_emplace(pod.uid);
  Placed& placed = entry->second;
  // The new one counts before the old one leaves: what both share is not let go in between.
  Placed fresh;
  fresh.node = node;
  fresh.pod_class = &classes_.get(pod);
  classes_.retain(*fresh.pod_class);
  fresh.group = &matches_.enter(pod.identity);
  fresh.pod = std::move(pod);
  count(fresh, 1);
  std::swap(placed, fresh);
  if (made) return;
  count(fresh, -1);
  matches_.leave(*fresh.group);
  classes_.drop(*fresh.pod_class);
  nodes_.free_if_unused(fresh.node);
}

void Cache::displace(const std::string& uid) {
  const auto entry = placed_.find(uid);
  Placed& placed = entry->second;
  count(placed, -1);
  matches_.leave(*placed.group);
  classes_.drop(*placed.pod_class);
  nodes_.free_if_unused(placed.node);
  placed_.erase(entry);
}

void Cache::count(Placed& placed, int32_t sign) {
  nodes_[placed.node].sandboxes += sign;
  count_resources(placed, sign);
  count_ports(placed, sign);
  if (placed.pod.claims) count_claims(placed, sign);
  matches_.add(*placed.group, placed.pod.deleting, placed.node, sign);
  for (const TermId term : placed.pod_class->carried) terms_.add(term, placed.node, sign);
}

void Cache::count_resources(const Placed& placed, int32_t sign) {
  const PodTemplateInfo& spec = *placed.pod.spec;
  NodeResources& node = nodes_.resources(placed.node);
  const Resources held = held_resources(spec, placed.pod.depth);
  if (sign > 0) {
    node.requested.add(held);
  } else {
    node.requested.subtract(held);
  }
  // Scores see a default where nothing is requested, and nothing where it is given back.
  if (placed.pod.depth < api::Depth::kStop) {
    node.scoring_milli_cpu += sign * spec.scoring_milli_cpu;
  }
  if (placed.pod.depth < api::Depth::kHibernate) node.scoring_memory += sign * spec.scoring_memory;
}

void Cache::count_ports(const Placed& placed, int32_t sign) {
  auto& ports = nodes_[placed.node].ports;
  for (const HostPort& port : placed.pod.spec->host_ports) {
    const auto taken = std::find_if(ports.begin(), ports.end(),
                                    [&](const TakenPort& one) { return one.port == port; });
    if (taken == ports.end()) {
      ports.push_back({port, sign});
    } else if ((taken->count += sign) == 0) {
      ports.erase(taken);
    }
  }
}

void Cache::count_claims(const Placed& placed, int32_t sign) {
  for (const PodClaim& used : *placed.pod.claims) {
    const std::string key = claim_key(placed.pod.identity->namespace_, used.name);
    const std::string& node = nodes_[placed.node].name;
    if (sign > 0) {
      volumes_.enter(key, placed.pod.uid, node);
    } else {
      volumes_.leave(key, placed.pod.uid, node);
    }
  }
}

void Cache::keep_volumes(const PodInfo& pod, NodeId node) {
  ClaimFit::Choice choice;
  ClaimFit(pod, volumes_).check(nodes_[node].info, &choice);
  for (const auto& [claim, volume] : choice) volumes_.reserve(volume, claim);
}

std::string Cache::keep_volume(const std::string& claim, const std::string& node) {
  const ClaimInfo* const known = volumes_.claim(claim);
  const NodeId id = nodes_.find(node);
  if (known == nullptr || id == kNoNode) return "";
  const VolumeInfo* const kept = volumes_.volume(volumes_.reserved_for(claim));
  if (kept != nullptr && kept->claim_uid == known->uid) return kept->name;
  for (const VolumeInfo* const volume : volumes_.volumes_for(*known)) {
    if (!selects_any_of(volume->node_terms, nodes_[id].info)) continue;
    volumes_.reserve(volume->name, claim);
    return volume->name;
  }
  return "";
}

}  // namespace sandboxlet::scheduler
