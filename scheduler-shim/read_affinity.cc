#include "scheduler-shim/read_selectors.h"

namespace sandboxlet::scheduler {

namespace {

constexpr char kRequired[] = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr char kPreferred[] = "preferredDuringSchedulingIgnoredDuringExecution";

int32_t read_weight(JsonReader& reader, const Json& in) {
  const int32_t weight = reader.integer(in, "weight");
  if (weight < 1 || weight > 100) reader.fail("weight", "must be in the range 1-100");
  return weight;
}

NodeTerm read_node_term(JsonReader& reader, const Json& in) {
  NodeTerm term;
  term.labels = read_requirements(reader, in, "matchExpressions");
  term.fields = read_requirements(reader, in, "matchFields");
  return term;
}

void read_node_affinity(JsonReader& reader, const Json& in, PodTemplateInfo& info) {
  info.requires_node_terms = reader.has(in, kRequired);
  info.required_node_terms = read_node_selector(reader, in, kRequired);
  reader.each(in, kPreferred, [&](const Json& one) {
    const int32_t weight = read_weight(reader, one);
    reader.object(one, "preference", [&](const Json& preference) {
      info.preferred_node_terms.push_back(read_node_term(reader, preference));
      info.preferred_node_terms.back().weight = weight;
    });
  });
}

AffinityTerm read_pod_term(JsonReader& reader, const Json& in) {
  AffinityTerm term;
  term.selector = read_pod_selector(reader, in, "labelSelector");
  term.topology_key = reader.text(in, "topologyKey");
  if (term.topology_key.empty()) reader.fail("topologyKey", "Required value");
  term.namespaces = reader.texts(in, "namespaces");
  term.namespace_selector = read_pod_selector(reader, in, "namespaceSelector");
  term.match_label_keys = reader.texts(in, "matchLabelKeys");
  term.mismatch_label_keys = reader.texts(in, "mismatchLabelKeys");
  return term;
}

// sign is 1 for affinity and -1 for anti-affinity.
void read_pod_terms(JsonReader& reader, const Json& in, int32_t sign,
                    std::vector<AffinityTerm>& required, std::vector<AffinityTerm>& preferred) {
  reader.each(in, kRequired,
              [&](const Json& one) { required.push_back(read_pod_term(reader, one)); });
  reader.each(in, kPreferred, [&](const Json& one) {
    const int32_t weight = sign * read_weight(reader, one);
    reader.object(one, "podAffinityTerm", [&](const Json& term) {
      preferred.push_back(read_pod_term(reader, term));
      preferred.back().weight = weight;
    });
  });
}

SpreadConstraint read_constraint(JsonReader& reader, const Json& in) {
  SpreadConstraint constraint;
  constraint.max_skew = reader.integer(in, "maxSkew", 1);
  constraint.min_domains = reader.integer(in, "minDomains", 1);
  if (constraint.max_skew < 1) reader.fail("maxSkew", "must be greater than zero");
  if (constraint.min_domains < 1) reader.fail("minDomains", "must be greater than zero");
  constraint.topology_key = reader.text(in, "topologyKey");
  if (constraint.topology_key.empty()) reader.fail("topologyKey", "Required value");
  constraint.hard = reader.word(in, "whenUnsatisfiable", {"DoNotSchedule", "ScheduleAnyway"}) == 0;
  constraint.selector = read_pod_selector(reader, in, "labelSelector");
  constraint.match_label_keys = reader.texts(in, "matchLabelKeys");
  constraint.honors_affinity = reader.word(in, "nodeAffinityPolicy", {"Honor", "Ignore"}) == 0;
  constraint.honors_taints = reader.word(in, "nodeTaintsPolicy", {"Ignore", "Honor"}) == 1;
  return constraint;
}

}  // namespace

std::vector<NodeTerm> read_node_selector(JsonReader& reader, const Json& in,
                                         std::string_view name) {
  std::vector<NodeTerm> terms;
  reader.object(in, name, [&](const Json& selector) {
    reader.each(selector, "nodeSelectorTerms",
                [&](const Json& one) { terms.push_back(read_node_term(reader, one)); });
  });
  return terms;
}

void read_affinity(JsonReader& reader, const Json& pod_spec, PodTemplateInfo& info) {
  reader.object(pod_spec, "affinity", [&](const Json& affinity) {
    reader.object(affinity, "nodeAffinity",
                  [&](const Json& node) { read_node_affinity(reader, node, info); });
    reader.object(affinity, "podAffinity", [&](const Json& pod) {
      read_pod_terms(reader, pod, 1, info.affinity, info.preferred_affinity);
    });
    reader.object(affinity, "podAntiAffinity", [&](const Json& pod) {
      read_pod_terms(reader, pod, -1, info.anti_affinity, info.preferred_affinity);
    });
  });
}

void read_spread(JsonReader& reader, const Json& pod_spec, PodTemplateInfo& info) {
  reader.each(pod_spec, "topologySpreadConstraints",
              [&](const Json& one) { info.spread.push_back(read_constraint(reader, one)); });
}

}  // namespace sandboxlet::scheduler
