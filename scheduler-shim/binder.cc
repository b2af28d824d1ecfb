#include "scheduler-shim/binder.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>

#include "api/time.h"
#include "kube/fields.h"
#include "scheduler-shim/claim_fit.h"
#include "scheduler-shim/exclusive_claims.h"
#include "scheduler-shim/filters/filters.h"
#include "scheduler-shim/read_node_info.h"

namespace sandboxlet::scheduler {

namespace {

constexpr kube::Resource kNodes{"", "v1", "nodes"};
constexpr kube::Resource kNamespaces{"", "v1", "namespaces"};
constexpr kube::Resource kPods{"", "v1", "pods"};
constexpr kube::Resource kRuntimeClasses{"node.k8s.io", "v1", "runtimeclasses"};
constexpr kube::Resource kPriorityClasses{"scheduling.k8s.io", "v1", "priorityclasses"};

constexpr Duration kSweepPeriod = std::chrono::seconds(5);
// Between two of these other work has its turn.
constexpr int kDecisionsAtOnce = 50;
// A server allows 100 exchanges a connection.
constexpr size_t kBindingsAtOnce = 64;
constexpr size_t kWriters = 8;
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(30)};
// How long a binding that was written may take to be shown by the watch, and a plan to be one.
constexpr Duration kAssumed = std::chrono::minutes(1);

}  // namespace

Binder::Binder(BinderContext context)
    : context_(std::move(context)),
      cache_(context_.volumes.index()),
      scheduler_(context_.options),
      statuses_(context_.io, context_.clock, kWriters, kBackoff,
                [this](std::string uid) { return write_status(std::move(uid)); }) {
  follow_classes();
  follow_namespaces();
  follow_nodes();
  context_.leases.listen(
      [this](const std::string& node, bool alive) { wake(cache_.set_alive(node, alive)); },
      [this] { decide_soon(); });
  context_.volumes.listen(
      [this](const std::string& claim, Wakes wakes) { volumes_changed(claim, wakes); },
      [this] { decide_soon(); });
  sweep();
}

Result<> Binder::ready() const {
  if (!knows_sandboxes_) return Error(Code::kUnavailable, "sandboxes are not known yet");
  CHECK_OK(context_.leases.ready());
  CHECK_OK(context_.volumes.ready());
  return have_synced(informers_);
}

// ---- What the API server shows

void Binder::watch(kube::Resource resource, const std::string& namespace_,
                   kube::Informer::Callbacks callbacks) {
  callbacks.synced = [this] {
    if (knows_nodes()) context_.nodes.nodes_synced();
    decide_soon();
  };
  informers_[std::string(resource.plural)] =
      follow(context_, resource, namespace_, kube::Informer::Key::kName, std::move(callbacks));
}

bool Binder::knows_nodes() const {
  return std::ranges::all_of(std::array{kNodes, kube::kSandboxNodes}, [this](const auto& nodes) {
    const auto found = informers_.find(std::string(nodes.plural));
    return found != informers_.end() && found->second->has_synced();
  });
}

void Binder::set(const Json& object) {
  auto pod = reader_.read(object);
  if (!pod) {
    spdlog::warn("{}/{}: {}", kube::text_at(object, "/metadata/namespace"),
                 kube::text_at(object, "/metadata/name"), pod.error().message());
    return;
  }
  const bool is_unbound = pod->node_name.empty() && !pod->deleting;
  if (!is_unbound) {
    untold_.erase(pod->uid);
    said_.erase(pod->uid);
  } else {
    said_[pod->uid] = said_of(object);
    tell_what_is_out_of_date(*pod, object);
  }
  set_claims(*pod);
  wake(cache_.set_sandbox(*pod));
  queue_.set(std::move(*pod), context_.clock.now());
  decide_soon();
}

void Binder::tell_what_is_out_of_date(const PodInfo& pod, const Json& object) {
  if (pod.wants_suspension) return tell(pod, {.suspended = true});
  auto said = outdated(object);
  if (said && !untold_.contains(pod.uid)) tell(pod, std::move(*said));
}

void Binder::remove(const std::string& uid) {
  queue_.remove(uid);
  untold_.erase(uid);
  said_.erase(uid);
  plans_.erase(uid);
  claim_users_.remove(uid);
  wake(cache_.remove_sandbox(uid));
}

void Binder::synced() {
  knows_sandboxes_ = true;
  decide_soon();
}

void Binder::follow_nodes() {
  const auto follow_into = [this](kube::Resource resource, std::map<std::string, NodeInfo>& into) {
    kube::Informer::Callbacks callbacks;
    callbacks.set = [this, &into](const Json& object) {
      auto info = read_node_info(object);
      if (!info) {
        spdlog::warn("node {}: {}", kube::text_at(object, "/metadata/name"),
                     info.error().message());
        return;
      }
      const std::string name = info->name;
      const auto [found, is_new] = into.try_emplace(name);
      if (!is_new && found->second == *info) return;
      found->second = std::move(*info);
      set_node(name);
    };
    callbacks.remove = [this, &into](const std::string& name) {
      into.erase(name);
      set_node(name);
    };
    watch(resource, "", std::move(callbacks));
  };
  follow_into(kNodes, core_nodes_);
  follow_into(kube::kSandboxNodes, sandbox_nodes_);
}

void Binder::set_node(const std::string& name) {
  const auto find = [&name](const std::map<std::string, NodeInfo>& nodes) {
    const auto found = nodes.find(name);
    return found == nodes.end() ? nullptr : &found->second;
  };
  context_.nodes.set_node(name, find(sandbox_nodes_), find(core_nodes_));
  const auto found = sandbox_nodes_.find(name);
  if (found == sandbox_nodes_.end()) return wake(cache_.remove_node(name));
  const auto core = core_nodes_.find(name);
  NodeInfo info = found->second;
  if (core != core_nodes_.end()) add_core_node(info, core->second);
  wake(cache_.set_node(std::move(info)));
}

void Binder::set_claims(const PodInfo& pod) {
  if (pod.claims && pod.needs_node()) {
    claim_users_.set(pod.uid, pod.identity->namespace_, *pod.claims);
  } else {
    claim_users_.remove(pod.uid);
  }
}

void Binder::volumes_changed(const std::string& claim, Wakes wakes) {
  for (const std::string& uid : claim_users_.of(claim)) queue_.retry(uid, context_.clock.now());
  wake(wakes);
  decide_soon();
}

void Binder::sweep() {
  for (const auto& uid : cache_.expire(context_.clock.now())) {
    const bool was_planned = plans_.erase(uid) != 0;
    if (!was_planned) spdlog::warn("the binding of {} was written and never seen", uid);
    wake(kSandboxGone);
  }
  next_sweep_ = context_.clock.call_after(kSweepPeriod, [this] { sweep(); });
}

void Binder::follow_namespaces() {
  kube::Informer::Callbacks callbacks;
  callbacks.set = [this](const Json& object) {
    JsonReader reader;
    api::StringMap labels;
    reader.object(object, "metadata",
                  [&](const Json& metadata) { labels = reader.text_map(metadata, "labels"); });
    wake(cache_.set_namespace(kube::text_at(object, "/metadata/name"), Labels(labels)));
  };
  callbacks.remove = [](const std::string&) {};
  watch(kNamespaces, "", std::move(callbacks));
}

void Binder::follow_classes() {
  kube::Informer::Callbacks runtime;
  runtime.set = [this](const Json& object) {
    auto info = read_runtime_class(object);
    if (!info) return spdlog::warn("runtime class: {}", info.error().message());
    const auto [known, is_new] =
        classes_.runtime.try_emplace(kube::text_at(object, "/metadata/name"));
    if (!is_new && known->second == *info) return;
    known->second = std::move(*info);
    classes_changed();
  };
  runtime.remove = [this](const std::string& name) {
    classes_.runtime.erase(name);
    classes_changed();
  };
  watch(kRuntimeClasses, "", std::move(runtime));
  kube::Informer::Callbacks priority;
  priority.set = [this](const Json& object) {
    const PriorityClassInfo info{object.value("value", 0), object.value("globalDefault", false)};
    const auto [known, is_new] =
        classes_.priority.try_emplace(kube::text_at(object, "/metadata/name"));
    if (!is_new && known->second == info) return;
    known->second = info;
    classes_changed();
  };
  priority.remove = [this](const std::string& name) {
    classes_.priority.erase(name);
    classes_changed();
  };
  watch(kPriorityClasses, "", std::move(priority));
}

void Binder::classes_changed() {
  if (!knows_sandboxes_) return;
  knows_sandboxes_ = false;
  context_.tell_again();
}

void Binder::wake(Wakes wakes) {
  if (wakes == kNothing) return;
  queue_.wake(wakes, context_.clock.now());
  decide_soon();
}

// ---- Deciding

void Binder::decide_soon() {
  if (decision_is_due_) return;
  decision_is_due_ = true;
  asio::post(context_.io, [this] {
    decision_is_due_ = false;
    decide_some();
  });
}

void Binder::decide_some() {
  next_decision_.reset();
  if (!ready()) return;
  const TimePoint now = context_.clock.now();
  for (int decided = 0; binding_ < kBindingsAtOnce; ++decided) {
    if (decided == kDecisionsAtOnce) return decide_soon();
    auto pod = queue_.pop(now);
    if (!pod) break;
    place(std::move(*pod));
  }
  const TimePoint next = queue_.next();
  if (binding_ >= kBindingsAtOnce || next == TimePoint::max()) return;
  next_decision_ = context_.clock.call_at(next, [this] { decide_soon(); });
}

// Others that are due are not to be passed by.
std::string Binder::plan(const std::string& uid) {
  if (const auto planned = plans_.find(uid); planned != plans_.end()) return planned->second;
  const PodInfo* const pod = queue_.find(uid);
  if (pod == nullptr || queue_.sizes().active > 1 || !ready()) return "";
  const Decision decision = scheduler_.decide_ahead(*pod, cache_);
  if (decision.node == kNoNode) return "";
  wake(cache_.assume(*pod, decision.node, context_.clock.now() + kAssumed));
  return plans_[uid] = decision.node_name;
}

void Binder::give_up_plan(const std::string& uid) {
  if (plans_.erase(uid) != 0) wake(cache_.forget(uid));
}

bool Binder::waits_for_plan(const PodInfo& pod) const {
  return plans_.contains(pod.uid) && state_of_claims(pod, cache_.volumes()).is_coming;
}

void Binder::place(PodInfo pod) {
  const TimePoint now = context_.clock.now();
  if (waits_for_plan(pod)) return queue_.wait(pod.uid, now);
  // Decided once more, now that its claims are there: it goes where they are to be.
  const auto planned = plans_.extract(pod.uid);
  const Wakes freed = planned ? cache_.forget(pod.uid) : kNothing;
  Decision decision = scheduler_.decide(pod, cache_);
  if (planned && decision.node_name != planned.mapped()) wake(freed);
  if (decision.is_early) return queue_.wait(pod.uid, now);
  if (decision.node == kNoNode) {
    queue_.unschedulable(pod.uid, decision.wakes, now);
    const bool is_gated = pod.spec->is_gated;
    if (!is_gated) record(pod, {true, "FailedScheduling", "Scheduling", decision.message});
    return tell(pod, {.is_gated = is_gated, .message = std::move(decision.message)});
  }
  wake(cache_.assume(pod, decision.node, now + kAssumed));
  ++binding_;
  asio::co_spawn(context_.io, bind(std::move(pod), std::move(decision.node_name)),
                 die_on_exception);
}

Task<void> Binder::bind(PodInfo pod, std::string node_name) {
  auto exclusive = exclusive_claims(pod, cache_.volumes());
  if (!exclusive.empty()) {
    const auto has_rival = co_await has_rival_pod(pod.identity->namespace_, std::move(exclusive));
    if (!has_rival || *has_rival) {
      --binding_;
      if (has_rival) refused(pod, kIsTaken);
      if (!has_rival) not_bound(pod, has_rival.error());
      co_return decide_soon();
    }
  }
  kube::ObjectRef ref{kube::kSandboxes, pod.identity->namespace_, pod.name, "status"};
  const auto said = said_.find(pod.uid);
  Json patch = bind_patch(said == said_.end() ? Said() : said->second, node_name,
                          api::format_micro_time(context_.clock.wall()));
  patch["metadata"] = {{"uid", pod.uid}, {"resourceVersion", pod.resource_version}};
  const auto written = co_await context_.client.merge_patch(std::move(ref), std::move(patch));
  --binding_;
  if (written) {
    bound(pod, node_name);
  } else {
    not_bound(pod, written.error());
  }
  decide_soon();
}

// Pods are not followed: one list for each of the few that have such a claim costs less.
Task<Result<bool>> Binder::has_rival_pod(std::string namespace_, std::vector<std::string> claims) {
  const kube::ObjectRef pods{kPods, namespace_, "", ""};
  const auto list = co_await context_.client.get(pods);
  if (!list) co_return list.error();
  co_return have_any_of(*list, claims);
}

// By what is not seen to change: it is tried again after its back-off.
void Binder::refused(const PodInfo& pod, const char* reason) {
  const size_t nodes = cache_.nodes().order().size();
  const std::string message = fmt::format("0/{} nodes are available: {} {}.", nodes, nodes, reason);
  wake(cache_.forget(pod.uid));
  queue_.failed(pod.uid, context_.clock.now());
  record(pod, {true, "FailedScheduling", "Scheduling", message});
  tell(pod, {.message = message});
}

void Binder::bound(const PodInfo& pod, const std::string& node_name) {
  ++bound_;
  queue_.done(pod.uid);
  untold_.erase(pod.uid);
  record(pod, {false, "Scheduled", "Binding",
               "Successfully assigned " + pod.identity->namespace_ + "/" + pod.name + " to " +
                   node_name});
}

// Where it was written all the same, the watch will show it.
void Binder::not_bound(const PodInfo& pod, const Error& error) {
  spdlog::info("{}/{} not bound: {}", pod.identity->namespace_, pod.name, error.message());
  wake(cache_.forget(pod.uid));
  queue_.failed(pod.uid, context_.clock.now());
}

// ---- Telling

void Binder::record(const PodInfo& pod, const kube::EventNote& note) {
  context_.events.record(
      {api::kSandboxApiVersion, api::kSandboxKind, pod.identity->namespace_, pod.name, pod.uid},
      note);
}

void Binder::tell(const PodInfo& pod, Unbound unbound) {
  SandboxRef sandbox{pod.identity->namespace_, pod.name, pod.uid};
  untold_.insert_or_assign(pod.uid, std::pair(std::move(sandbox), std::move(unbound)));
  statuses_.add(pod.uid);
}

Task<Result<>> Binder::write_status(std::string uid) {
  auto found = untold_.find(uid);
  if (found == untold_.end()) co_return Result<>();
  const kube::ObjectRef ref = object_ref(found->second.first);
  const kube::ObjectRef status_ref = object_ref(found->second.first, "status");
  const auto object = co_await context_.client.get(ref);
  if (!object && object.error().code() == Code::kNotFound) co_return Result<>();
  if (!object) co_return object.error();
  found = untold_.find(uid);
  const bool is_over = found == untold_.end() || kube::text_at(*object, "/metadata/uid") != uid ||
                       !kube::text_at(*object, "/status/nodeName").empty();
  if (is_over) co_return Result<>();
  const std::string said = found->second.second.message;
  Json patch =
      unbound_patch(*object, found->second.second, api::format_time(context_.clock.wall()));
  if (!patch.is_null()) {
    const auto written = co_await context_.client.merge_patch(status_ref, std::move(patch));
    if (!written && written.error().code() != Code::kNotFound) co_return written.error();
  }
  found = untold_.find(uid);
  if (found != untold_.end() && found->second.second.message == said) untold_.erase(found);
  co_return Result<>();
}

}  // namespace sandboxlet::scheduler
