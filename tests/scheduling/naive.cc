#include "tests/scheduling/naive.h"

#include <algorithm>
#include <optional>

#include "scheduler-shim/held.h"

namespace sandboxlet::scheduler {

namespace {

using Placed = Known::Placed;

Selector with_own_values(const Selector& labels, const std::vector<std::string>& keys,
                         const PodInfo& owner) {
  Selector all = labels;
  for (const auto& key : keys) {
    if (const auto* value = owner.identity->labels.find(key)) {
      all.push_back({key, Requirement::Operator::kIn, {*value}});
    }
  }
  return all;
}

bool selects(const PodSelector& selector, const Labels& labels) {
  return !selector.nothing && matches(selector.labels, labels);
}

// Whether the owner's term is about the other.
bool is_about(const Known& known, const AffinityTerm& term, const PodInfo& owner,
              const PodInfo& other) {
  const std::string& name = other.identity->namespace_;
  bool in_namespace = std::count(term.namespaces.begin(), term.namespaces.end(), name) > 0;
  if (term.namespaces.empty() && term.namespace_selector.nothing) {
    in_namespace = name == owner.identity->namespace_;
  }
  const auto labels = known.namespaces.find(name);
  in_namespace =
      in_namespace || selects(term.namespace_selector,
                              labels == known.namespaces.end() ? Labels() : labels->second);
  return in_namespace && !term.selector.nothing &&
         matches(with_own_values(term.selector.labels, term.match_label_keys, owner),
                 other.identity->labels);
}

std::optional<std::string> domain_of(const Known& known, const std::string& node,
                                     const std::string& key) {
  const auto found = known.nodes.find(node);
  if (found == known.nodes.end()) return std::nullopt;
  const std::string* value = found->second.labels.find(key);
  return value == nullptr ? std::nullopt : std::make_optional(*value);
}

bool share_domain(const Known& known, const std::string& left, const std::string& right,
                  const std::string& key) {
  const auto domain = domain_of(known, left, key);
  return domain && domain == domain_of(known, right, key);
}

bool fits_object(const Known& known, const PodInfo& pod, const NodeInfo& node) {
  const Taint cordon{"node.kubernetes.io/unschedulable", "", TaintEffect::kNoSchedule};
  return node.ready && known.alive.at(node.name) &&
         (!node.unschedulable || tolerates(pod.spec->tolerations, cordon)) &&
         find_untolerated(node.taints, pod.spec->tolerations) == nullptr &&
         selects_node(*pod.spec, node);
}

bool fits_resources(const Known& known, const PodInfo& pod, const NodeInfo& node) {
  Resources sum = pod.spec->requests;
  for (const auto& [uid, placed] : known.placed) {
    if (placed.node == node.name) sum.add(held_resources(*placed.pod.spec, placed.pod.depth));
  }
  const Resources& wanted = pod.spec->requests;
  const Resources& has = node.allocatable;
  return sum.pods <= has.pods && (wanted.milli_cpu == 0 || sum.milli_cpu <= has.milli_cpu) &&
         (wanted.memory == 0 || sum.memory <= has.memory);
}

bool fits_ports(const Known& known, const PodInfo& pod, const NodeInfo& node) {
  for (const auto& [uid, placed] : known.placed) {
    if (placed.node != node.name) continue;
    for (const auto& taken : placed.pod.spec->host_ports) {
      for (const auto& wanted : pod.spec->host_ports) {
        if (taken.port == wanted.port) return false;
      }
    }
  }
  return true;
}

bool fits_anti_affinity(const Known& known, const PodInfo& pod, const NodeInfo& node) {
  for (const auto& [uid, placed] : known.placed) {
    for (const auto& term : pod.spec->anti_affinity) {
      if (is_about(known, term, pod, placed.pod) &&
          share_domain(known, node.name, placed.node, term.topology_key)) {
        return false;
      }
    }
    for (const auto& term : placed.pod.spec->anti_affinity) {
      if (is_about(known, term, placed.pod, pod) &&
          share_domain(known, node.name, placed.node, term.topology_key)) {
        return false;
      }
    }
  }
  return true;
}

bool is_about_all(const Known& known, const PodInfo& pod, const PodInfo& other) {
  return std::all_of(pod.spec->affinity.begin(), pod.spec->affinity.end(),
                     [&](const auto& term) { return is_about(known, term, pod, other); });
}

bool fits_affinity(const Known& known, const PodInfo& pod, const NodeInfo& node) {
  if (pod.spec->affinity.empty()) return true;
  bool anywhere = false;
  std::vector<bool> here(pod.spec->affinity.size());
  for (size_t i = 0; i < here.size(); ++i) {
    const std::string& key = pod.spec->affinity[i].topology_key;
    if (!domain_of(known, node.name, key)) return false;
    for (const auto& [uid, placed] : known.placed) {
      if (!is_about_all(known, pod, placed.pod)) continue;
      anywhere = anywhere || domain_of(known, placed.node, key);
      if (share_domain(known, node.name, placed.node, key)) here[i] = true;
    }
  }
  if (!anywhere && is_about_all(known, pod, pod)) return true;
  return std::count(here.begin(), here.end(), false) == 0;
}

bool counts_node(const Known& known, const PodInfo& pod, const SpreadConstraint& constraint,
                 const NodeInfo& node) {
  for (const auto& one : pod.spec->spread) {
    if (one.hard && !domain_of(known, node.name, one.topology_key)) return false;
  }
  return (!constraint.honors_affinity || selects_node(*pod.spec, node)) &&
         (!constraint.honors_taints ||
          find_untolerated(node.taints, pod.spec->tolerations) == nullptr);
}

bool fits_constraint(const Known& known, const PodInfo& pod, const SpreadConstraint& constraint,
                     const NodeInfo& node) {
  const auto domain = domain_of(known, node.name, constraint.topology_key);
  if (!domain) return false;
  const Selector selector =
      with_own_values(constraint.selector.labels, constraint.match_label_keys, pod);
  std::map<std::string, int> by_domain;
  for (const auto& [name, other] : known.nodes) {
    if (!counts_node(known, pod, constraint, other)) continue;
    int& count = by_domain[*domain_of(known, name, constraint.topology_key)];
    for (const auto& [uid, placed] : known.placed) {
      const bool counts = placed.node == name && !placed.pod.deleting &&
                          placed.pod.identity->namespace_ == pod.identity->namespace_ &&
                          matches(selector, placed.pod.identity->labels);
      count += counts ? 1 : 0;
    }
  }
  int least = by_domain.empty() ? 0 : by_domain.begin()->second;
  for (const auto& [name, count] : by_domain) least = std::min(least, count);
  if (static_cast<int32_t>(by_domain.size()) < constraint.min_domains) least = 0;
  const int itself = matches(selector, pod.identity->labels) ? 1 : 0;
  return (by_domain.contains(*domain) ? by_domain[*domain] : 0) + itself - least <=
         constraint.max_skew;
}

bool fits_spread(const Known& known, const PodInfo& pod, const NodeInfo& node) {
  return std::all_of(pod.spec->spread.begin(), pod.spec->spread.end(), [&](const auto& one) {
    return !one.hard || fits_constraint(known, pod, one, node);
  });
}

bool uses(const PodInfo& pod, const std::string& key) {
  return pod.claims && std::any_of(pod.claims->begin(), pod.claims->end(), [&](const auto& one) {
           return claim_key(pod.identity->namespace_, one.name) == key;
         });
}

// Where the volume of an unbound claim is to be; empty where that is open.
std::string place_of(const Known& known, const ClaimInfo& claim) {
  if (!claim.selected_node.empty()) return claim.selected_node;
  for (const auto& [uid, placed] : known.placed) {
    if (uses(placed.pod, claim.key())) return placed.node;
  }
  return "";
}

int64_t local_bytes(const Known& known, const std::string& node) {
  int64_t bytes = 0;
  for (const auto& [name, volume] : known.volumes) {
    if (volume.local_node == node) bytes += volume.capacity;
  }
  for (const auto& [key, claim] : known.claims) {
    const std::string volume = claim.volume_name.empty() ? "pvc-" + claim.uid : claim.volume_name;
    if (known.volumes.contains(volume)) continue;
    if (place_of(known, claim) == node) bytes += claim.request;
  }
  return bytes;
}

bool fits_claims(const Known& known, const PodInfo& pod, const NodeInfo& node) {
  if (!pod.claims) return true;
  int64_t needed = 0;
  for (const auto& used : *pod.claims) {
    const auto found = known.claims.find(claim_key(pod.identity->namespace_, used.name));
    if (found == known.claims.end()) return false;
    const ClaimInfo& claim = found->second;
    if (claim.is_bound) {
      const auto volume = known.volumes.find(claim.volume_name);
      if (volume == known.volumes.end() || volume->second.local_node != node.name) return false;
      continue;
    }
    const std::string place = place_of(known, claim);
    if (!place.empty() && place != node.name) return false;
    if (place.empty()) needed += claim.request;
  }
  return needed == 0 || needed + local_bytes(known, node.name) <=
                            node.allocatable.extended_amount("sandboxlet.io/local-volumes");
}

}  // namespace

bool naive_fits(const Known& known, const PodInfo& pod, const NodeInfo& node) {
  return fits_object(known, pod, node) && fits_resources(known, pod, node) &&
         fits_ports(known, pod, node) && fits_anti_affinity(known, pod, node) &&
         fits_affinity(known, pod, node) && fits_spread(known, pod, node) &&
         fits_claims(known, pod, node);
}

std::vector<std::string> naive_feasible(const Known& known, const PodInfo& pod) {
  std::vector<std::string> names;
  for (const auto& [name, node] : known.nodes) {
    if (naive_fits(known, pod, node)) names.push_back(name);
  }
  return names;
}

}  // namespace sandboxlet::scheduler
