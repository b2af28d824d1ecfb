#include "scheduler-shim/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "scheduler-shim/claim_fit.h"
#include "scheduler-shim/diagnosis.h"

namespace sandboxlet::scheduler {

namespace {

constexpr size_t kMinFeasible = 100;
constexpr size_t kMinPercent = 5;

std::vector<Filter*> prepared(const Subject& subject, const Filters& filters) {
  std::vector<Filter*> active;
  for (const auto& filter : filters) {
    if (filter->prepare(subject)) active.push_back(filter.get());
  }
  return active;
}

}  // namespace

size_t nodes_to_find(size_t nodes) {
  if (nodes < kMinFeasible) return nodes;
  const size_t taken_off = nodes / 125;
  const size_t percent = std::max(kMinPercent, taken_off < 50 ? 50 - taken_off : 0);
  return std::max(kMinFeasible, nodes * percent / 100);
}

Scheduler::Scheduler(SchedulerOptions options)
    : object_filters_(make_object_filters()),
      usage_filters_(make_usage_filters()),
      scores_(make_scores(options.fit)),
      random_(options.seed) {}

Decision Scheduler::decide(const PodInfo& pod, Cache& cache) {
  if (!pod.spec->unplaceable.empty()) return {.message = pod.spec->unplaceable};
  if (cache.nodes().order().empty()) {
    return {.message = "no nodes available to schedule pods", .wakes = kNodeChanged};
  }
  if (auto decision = decide_by_claims(pod, cache)) return std::move(*decision);
  return choose(pod, cache);
}

Decision Scheduler::decide_ahead(const PodInfo& pod, Cache& cache) {
  const ClaimsState state = state_of_claims(pod, cache.volumes());
  const bool is_known = state.is_planned && state.refusal.empty();
  if (!is_known || !pod.spec->unplaceable.empty() || cache.nodes().order().empty()) return {};
  return choose(pod, cache);
}

Decision Scheduler::choose(const PodInfo& pod, Cache& cache) {
  PodClass& pod_class = cache.classes().get_warm(pod);
  const Subject subject{pod, cache, pod_class, cache.matches().matching(pod.identity)};
  prepare(subject);
  find_feasible(subject);
  if (feasible_.empty()) return refusal(subject);
  const NodeId node = feasible_.size() == 1 ? feasible_.front() : best_of(subject);
  return {.node = node, .node_name = cache.nodes()[node].name};
}

// As kube-scheduler's PreFilter: no node is looked at.
std::optional<Decision> Scheduler::decide_by_claims(const PodInfo& pod, const Cache& cache) {
  const ClaimsState state = state_of_claims(pod, cache.volumes());
  if (state.is_coming) return Decision{.is_early = true};
  if (state.refusal.empty()) return std::nullopt;
  return Decision{.message = fmt::format("0/{} nodes are available: {}.",
                                         cache.nodes().order().size(), state.refusal),
                  .wakes = kVolumesChanged};
}

void Scheduler::prepare(const Subject& subject) {
  object_ = prepared(subject, object_filters_);
  usage_ = prepared(subject, usage_filters_);
}

void Scheduler::find_feasible(const Subject& subject) {
  const auto order = subject.cache.nodes().order();
  const size_t wanted = nodes_to_find(order.size());
  feasible_.clear();
  const NodeId has_state =
      subject.pod.state_node.empty() ? kNoNode : subject.cache.nodes().find(subject.pod.state_node);
  if (has_state != kNoNode && subject.cache.nodes()[has_state].known &&
      passes(subject, has_state)) {
    feasible_.push_back(has_state);
  }
  size_t looked_at = 0;
  size_t place = next_start_ % order.size();
  for (; looked_at < order.size() && feasible_.size() < wanted; ++looked_at) {
    const NodeId node = order[place];
    if (++place == order.size()) place = 0;
    if (node != has_state && passes(subject, node)) feasible_.push_back(node);
  }
  next_start_ = place;
}

bool Scheduler::passes(const Subject& subject, NodeId node) {
  const uint64_t generation = subject.cache.nodes().generation(node);
  const uint8_t fits_object =
      subject.pod_class.object_verdicts.get(node, generation, [&]() -> uint8_t {
        const bool all = std::all_of(object_.begin(), object_.end(), [&](Filter* filter) {
          return filter->check(subject, node, nullptr);
        });
        return all ? 1 : 0;
      });
  return fits_object != 0 && std::all_of(usage_.begin(), usage_.end(), [&](Filter* filter) {
           return filter->check(subject, node, nullptr);
         });
}

NodeId Scheduler::best_of(const Subject& subject) {
  total_.assign(feasible_.size(), 0);
  one_score_.resize(feasible_.size());
  for (const auto& score : scores_) {
    if (!score->score(subject, feasible_, one_score_)) continue;
    const int64_t weight = score->weight();
    for (size_t i = 0; i < total_.size(); ++i) total_[i] += weight * one_score_[i];
  }
  size_t best = 0;
  uint64_t equals = 1;
  for (size_t i = 1; i < total_.size(); ++i) {
    if (total_[i] > total_[best]) {
      best = i;
      equals = 1;
    } else if (total_[i] == total_[best] && random_() % ++equals == 0) {
      // Each of the equal ones is taken as likely as the others.
      best = i;
    }
  }
  return feasible_[best];
}

Decision Scheduler::refusal(const Subject& subject) {
  Diagnosis diagnosis;
  Reasons reasons;
  for (const NodeId node : subject.cache.nodes().order()) {
    reasons.clear();
    explain(subject, node, reasons);
    diagnosis.add(reasons);
  }
  return {.message = diagnosis.message(subject.cache.nodes().order().size()),
          .wakes = diagnosis.wakes()};
}

void Scheduler::explain(const Subject& subject, NodeId node, Reasons& reasons) {
  for (const auto* filters : {&object_, &usage_}) {
    for (Filter* filter : *filters) {
      if (!filter->check(subject, node, &reasons)) return;
    }
  }
}

}  // namespace sandboxlet::scheduler
