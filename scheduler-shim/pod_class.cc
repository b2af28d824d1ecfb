#include "scheduler-shim/pod_class.h"

#include <algorithm>

namespace sandboxlet::scheduler {

namespace {

// Classes without Sandboxes that are kept, and classes that remember verdicts (8 bytes a node
// each).
constexpr size_t kMaxParked = 64;
constexpr size_t kMaxWarm = 256;

// What required affinity of Sandboxes that are there adds to the score of those that it selects
// (upstream: hardPodAffinityWeight).
constexpr int32_t kRequiredAffinityWeight = 1;

void append_values(std::string& variant, const std::vector<std::string>& keys,
                   const Labels& labels) {
  for (const auto& key : keys) {
    const std::string* value = labels.find(key);
    variant += value == nullptr ? '-' : '=';
    if (value != nullptr) variant += *value;
    variant += '\n';
  }
}

std::string variant_of(const PodTemplateInfo& spec, const PodIdentity& identity) {
  std::string variant;
  for (const auto* terms : {&spec.affinity, &spec.anti_affinity, &spec.preferred_affinity}) {
    if (!terms->empty()) variant = identity.namespace_ + '\n';
  }
  if (!spec.spread.empty()) variant = identity.namespace_ + '\n';
  for (const auto* terms : {&spec.affinity, &spec.anti_affinity, &spec.preferred_affinity}) {
    for (const auto& term : *terms) {
      append_values(variant, term.match_label_keys, identity.labels);
      append_values(variant, term.mismatch_label_keys, identity.labels);
    }
  }
  for (const auto& one : spec.spread) {
    append_values(variant, one.match_label_keys, identity.labels);
  }
  return variant;
}

// A key that the Sandbox itself lacks is left out.
void require_own_values(PodSelector& selector, const std::vector<std::string>& keys,
                        const Labels& labels, Requirement::Operator how) {
  for (const auto& key : keys) {
    const std::string* value = labels.find(key);
    if (value != nullptr) selector.labels.push_back({key, how, {*value}});
  }
}

MatchTerm resolved(const AffinityTerm& term, const PodIdentity& identity) {
  MatchTerm match{term.namespaces, term.namespace_selector, term.selector};
  if (match.namespaces.empty() && match.namespace_selector.nothing) {
    match.namespaces = {identity.namespace_};
  }
  std::sort(match.namespaces.begin(), match.namespaces.end());
  require_own_values(match.selector, term.match_label_keys, identity.labels,
                     Requirement::Operator::kIn);
  require_own_values(match.selector, term.mismatch_label_keys, identity.labels,
                     Requirement::Operator::kNotIn);
  return match;
}

}  // namespace

MatcherId PodClasses::matcher_for(PodClass& user, const Matcher& matcher) {
  user.matchers.push_back(matches_.acquire(matcher));
  return user.matchers.back();
}

KeyId PodClasses::key_for(PodClass& user, const std::string& name) {
  user.keys.push_back(topology_.acquire(name));
  return user.keys.back();
}

void PodClasses::resolve_affinity(const PodIdentity& identity, PodClass& into) {
  const auto carry = [&](const TermRef& ref, bool forbids, int32_t weight) {
    into.carried.push_back(terms_.acquire({ref.matcher, ref.key, forbids, weight}));
  };
  const auto refer = [&](const AffinityTerm& term) {
    return TermRef{matcher_for(into, {{resolved(term, identity)}}),
                   key_for(into, term.topology_key), term.weight};
  };
  Matcher all;
  for (const auto& term : into.spec->affinity) {
    all.terms.push_back(resolved(term, identity));
    const TermRef ref = refer(term);
    into.affinity_keys.push_back(ref.key);
    carry(ref, false, kRequiredAffinityWeight);
  }
  if (!all.terms.empty()) into.affinity = matcher_for(into, all);
  for (const auto& term : into.spec->anti_affinity) {
    into.anti_affinity.push_back(refer(term));
    carry(into.anti_affinity.back(), true, 0);
  }
  for (const auto& term : into.spec->preferred_affinity) {
    into.preferred_affinity.push_back(refer(term));
    carry(into.preferred_affinity.back(), false, term.weight);
  }
}

void PodClasses::resolve_spread(const PodIdentity& identity, PodClass& into) {
  for (const auto& one : into.spec->spread) {
    MatchTerm match{{identity.namespace_}, {}, one.selector};
    require_own_values(match.selector, one.match_label_keys, identity.labels,
                       Requirement::Operator::kIn);
    const MatcherId matcher = matcher_for(into, {{match}, true});
    (one.hard ? into.hard_spread : into.soft_spread)
        .push_back({&one, matcher, key_for(into, one.topology_key)});
  }
}

PodClass& PodClasses::get(const PodInfo& pod) {
  std::string variant = variant_of(*pod.spec, *pod.identity);
  auto& known = by_key_[{pod.spec.get(), variant}];
  if (known) return *known;
  known = std::make_unique<PodClass>();
  known->spec = pod.spec;
  known->variant = std::move(variant);
  resolve_affinity(*pod.identity, *known);
  resolve_spread(*pod.identity, *known);
  PodClass& made = *known;
  park(made);
  return made;
}

PodClass& PodClasses::get_warm(const PodInfo& pod) {
  PodClass& found = get(pod);
  if (found.warm) return found;
  found.warm = true;
  warm_.push_back(&found);
  if (warm_.size() > kMaxWarm) {
    PodClass& oldest = *warm_.front();
    warm_.pop_front();
    oldest.warm = false;
    oldest.object_verdicts.forget();
    oldest.affinity_verdicts.forget();
  }
  return found;
}

void PodClasses::drop(PodClass& pod_class) {
  if (--pod_class.sandboxes == 0) park(pod_class);
}

void PodClasses::park(PodClass& pod_class) {
  if (pod_class.parked) return;
  pod_class.parked = true;
  parked_.push_back(&pod_class);
  if (parked_.size() <= kMaxParked) return;
  PodClass& oldest = *parked_.front();
  parked_.pop_front();
  oldest.parked = false;
  if (oldest.sandboxes == 0) destroy(oldest);
}

void PodClasses::destroy(PodClass& pod_class) {
  if (pod_class.warm) std::erase(warm_, &pod_class);
  for (const TermId term : pod_class.carried) terms_.release(term);
  for (const MatcherId matcher : pod_class.matchers) matches_.release(matcher);
  for (const KeyId key : pod_class.keys) topology_.release(key);
  by_key_.erase({pod_class.spec.get(), pod_class.variant});
}

}  // namespace sandboxlet::scheduler
