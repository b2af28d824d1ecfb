#include "scheduler-shim/shim.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>

#include "api/time.h"
#include "scheduler-shim/read_node_info.h"
#include "scheduler-shim/release.h"

namespace sandboxlet::scheduler {

namespace {

constexpr kube::Resource kNodes{"", "v1", "nodes"};
constexpr kube::Resource kNamespaces{"", "v1", "namespaces"};
constexpr kube::Resource kRuntimeClasses{"node.k8s.io", "v1", "runtimeclasses"};
constexpr kube::Resource kPriorityClasses{"scheduling.k8s.io", "v1", "priorityclasses"};

constexpr Duration kSweepPeriod = std::chrono::seconds(5);
// Between two of these other work has its turn.
constexpr int kDecisionsAtOnce = 50;
// A server allows 100 exchanges a connection.
constexpr size_t kBindingsAtOnce = 64;
constexpr size_t kWriters = 8;
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(30)};
// How long a binding that was written may take to be shown by the watch.
constexpr Duration kAssumed = std::chrono::minutes(1);

std::string text_at(const Json& object, const char* pointer) {
  const Json::json_pointer place(pointer);
  return object.contains(place) && object[place].is_string() ? object[place].get<std::string>()
                                                             : "";
}

}  // namespace

Shim::Shim(ShimContext context)
    : context_(context),
      scheduler_(context_.options),
      liveness_(kube::Heartbeat::kLasts),
      statuses_(context_.io, context_.clock, kWriters, kBackoff,
                [this](std::string uid) { return write_status(std::move(uid)); }),
      deletions_(context_.io, context_.clock, kWriters, kBackoff,
                 [this](std::string uid) { return delete_one(std::move(uid)); }),
      releases_(context_.io, context_.clock, kWriters, kBackoff,
                [this](std::string uid) { return release_one(std::move(uid)); }) {
  follow_classes();
  follow_namespaces();
  follow_nodes();
  follow_leases();
  follow_sandboxes();
  sweep_leases();
}

Result<> Shim::ready() const {
  for (const auto& [name, informer] : informers_) {
    if (!informer->has_synced()) return Error(Code::kUnavailable, name + " are not known yet");
  }
  return {};
}

// ---- What the API server shows

std::unique_ptr<kube::Informer> Shim::follow(kube::Resource resource, const std::string& namespace_,
                                             kube::Informer::Key key,
                                             kube::Informer::Callbacks callbacks) {
  const std::string name(resource.plural);
  auto then = std::move(callbacks.synced);
  callbacks.synced = [this, then = std::move(then)] {
    if (then) then();
    decide_soon();
  };
  callbacks.connected = [name](bool is, const std::string& why) {
    if (is) {
      spdlog::info("{}: followed", name);
    } else {
      spdlog::warn("{}: {}", name, why);
    }
  };
  return std::make_unique<kube::Informer>(context_.io, context_.clock, context_.streams,
                                          kube::Selection{resource, namespace_, "", ""}, key,
                                          std::move(callbacks));
}

void Shim::follow_sandboxes() {
  kube::Informer::Callbacks callbacks;
  callbacks.set = [this](const Json& object) { set_sandbox(object); };
  callbacks.remove = [this](const std::string& uid) {
    queue_.remove(uid);
    expiry_.remove(uid);
    untold_.erase(uid);
    expiring_.erase(uid);
    releasing_.erase(uid);
    wake(cache_.remove_sandbox(uid));
  };
  informers_["sandboxes"] =
      follow(kube::kSandboxes, "", kube::Informer::Key::kUid, std::move(callbacks));
}

void Shim::set_sandbox(const Json& object) {
  // Also of what cannot be read.
  set_release(object);
  auto pod = reader_.read(object);
  if (!pod) {
    spdlog::warn("{}/{}: {}", text_at(object, "/metadata/namespace"),
                 text_at(object, "/metadata/name"), pod.error().message());
    return;
  }
  set_expiry(object, pod->uid);
  const bool is_unbound = pod->node_name.empty() && !pod->deleting;
  if (is_unbound && pod->wants_suspension) tell(*pod, {/*suspended=*/true, false, ""});
  if (!is_unbound) untold_.erase(pod->uid);
  wake(cache_.set_sandbox(*pod));
  queue_.set(std::move(*pod), context_.clock.now());
  decide_soon();
}

void Shim::set_expiry(const Json& object, const std::string& uid) {
  const std::string text = text_at(object, "/spec/shutdownTime");
  const auto at = api::parse_time(text);
  const bool deletes = text_at(object, "/spec/shutdownPolicy") == "Delete" &&
                       text_at(object, "/metadata/deletionTimestamp").empty();
  if (text.empty() || !at || !deletes) {
    expiry_.remove(uid);
    expiring_.erase(uid);
    return;
  }
  expiring_[uid] = {text_at(object, "/metadata/namespace"), text_at(object, "/metadata/name"), uid};
  expiry_.set(uid, *at);
  delete_expired();
}

void Shim::set_release(const Json& object) {
  const std::string uid = text_at(object, "/metadata/uid");
  if (release_patch(object).is_null()) {
    releasing_.erase(uid);
    return;
  }
  releasing_[uid] = {text_at(object, "/metadata/namespace"), text_at(object, "/metadata/name"),
                     uid};
  releases_.add(uid);
}

void Shim::follow_nodes() {
  const auto follow_into = [this](kube::Resource resource, std::map<std::string, NodeInfo>& into) {
    kube::Informer::Callbacks callbacks;
    callbacks.set = [this, &into](const Json& object) {
      auto info = read_node_info(object);
      if (!info) {
        spdlog::warn("node {}: {}", text_at(object, "/metadata/name"), info.error().message());
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
    return follow(resource, "", kube::Informer::Key::kName, std::move(callbacks));
  };
  informers_["nodes"] = follow_into(kNodes, core_nodes_);
  informers_["sandboxnodes"] = follow_into(kube::kSandboxNodes, sandbox_nodes_);
}

void Shim::set_node(const std::string& name) {
  const auto found = sandbox_nodes_.find(name);
  if (found == sandbox_nodes_.end()) return wake(cache_.remove_node(name));
  const auto core = core_nodes_.find(name);
  NodeInfo info = found->second;
  if (core != core_nodes_.end()) add_core_node(info, core->second);
  wake(cache_.set_node(std::move(info)));
}

void Shim::follow_leases() {
  kube::Informer::Callbacks callbacks;
  callbacks.set = [this](const Json& lease) { set_lease(lease); };
  callbacks.remove = [this](const std::string& name) {
    liveness_.remove(name);
    wake(cache_.set_alive(name, false));
  };
  informers_["leases"] = follow(kube::kLeases, kube::kNodeLeaseNamespace,
                                kube::Informer::Key::kName, std::move(callbacks));
}

void Shim::set_lease(const Json& lease) {
  const std::string name = text_at(lease, "/metadata/name");
  const bool revived =
      liveness_.note(name, text_at(lease, "/spec/renewTime"), context_.clock.now());
  if (revived) wake(cache_.set_alive(name, true));
}

void Shim::sweep_leases() {
  for (const auto& name : liveness_.expire(context_.clock.now())) {
    spdlog::warn("node {}: its lease has run out", name);
    wake(cache_.set_alive(name, false));
  }
  for (const auto& uid : cache_.expire(context_.clock.now())) {
    spdlog::warn("the binding of {} was written and never seen", uid);
    wake(kSandboxGone);
  }
  next_sweep_ = context_.clock.call_after(kSweepPeriod, [this] { sweep_leases(); });
}

void Shim::follow_namespaces() {
  kube::Informer::Callbacks callbacks;
  callbacks.set = [this](const Json& object) {
    JsonReader reader;
    api::StringMap labels;
    reader.object(object, "metadata",
                  [&](const Json& metadata) { labels = reader.text_map(metadata, "labels"); });
    wake(cache_.set_namespace(text_at(object, "/metadata/name"), Labels(labels)));
  };
  callbacks.remove = [](const std::string&) {};
  informers_["namespaces"] =
      follow(kNamespaces, "", kube::Informer::Key::kName, std::move(callbacks));
}

void Shim::follow_classes() {
  kube::Informer::Callbacks runtime;
  runtime.set = [this](const Json& object) {
    auto info = read_runtime_class(object);
    if (!info) return spdlog::warn("runtime class: {}", info.error().message());
    const auto [known, is_new] = classes_.runtime.try_emplace(text_at(object, "/metadata/name"));
    if (!is_new && known->second == *info) return;
    known->second = std::move(*info);
    classes_changed();
  };
  runtime.remove = [this](const std::string& name) {
    classes_.runtime.erase(name);
    classes_changed();
  };
  informers_["runtimeclasses"] =
      follow(kRuntimeClasses, "", kube::Informer::Key::kName, std::move(runtime));
  kube::Informer::Callbacks priority;
  priority.set = [this](const Json& object) {
    const PriorityClassInfo info{object.value("value", 0), object.value("globalDefault", false)};
    const auto [known, is_new] = classes_.priority.try_emplace(text_at(object, "/metadata/name"));
    if (!is_new && known->second == info) return;
    known->second = info;
    classes_changed();
  };
  priority.remove = [this](const std::string& name) {
    classes_.priority.erase(name);
    classes_changed();
  };
  informers_["priorityclasses"] =
      follow(kPriorityClasses, "", kube::Informer::Key::kName, std::move(priority));
}

void Shim::classes_changed() {
  const auto sandboxes = informers_.find("sandboxes");
  if (sandboxes == informers_.end() || !sandboxes->second->has_synced()) return;
  sandboxes->second->restart();
}

void Shim::wake(Wakes wakes) {
  if (wakes == kNothing) return;
  queue_.wake(wakes, context_.clock.now());
  decide_soon();
}

// ---- Deciding

void Shim::decide_soon() {
  if (decision_is_due_) return;
  decision_is_due_ = true;
  asio::post(context_.io, [this] {
    decision_is_due_ = false;
    decide_some();
  });
}

void Shim::decide_some() {
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

void Shim::place(PodInfo pod) {
  const TimePoint now = context_.clock.now();
  Decision decision = scheduler_.decide(pod, cache_);
  if (decision.node == kNoNode) {
    queue_.unschedulable(pod.uid, decision.wakes, now);
    record(pod, {true, "FailedScheduling", "Scheduling", decision.message});
    return tell(pod, {false, false, std::move(decision.message)});
  }
  wake(cache_.assume(pod, decision.node, now + kAssumed));
  ++binding_;
  asio::co_spawn(context_.io, bind(std::move(pod), std::move(decision.node_name)),
                 die_on_exception);
}

Task<void> Shim::bind(PodInfo pod, std::string node_name) {
  kube::ObjectRef ref{kube::kSandboxes, pod.identity->namespace_, pod.name, "status"};
  Json patch{{"metadata", {{"uid", pod.uid}, {"resourceVersion", pod.resource_version}}},
             {"status", {{"nodeName", node_name}}}};
  const auto written = co_await context_.client.merge_patch(std::move(ref), std::move(patch));
  --binding_;
  if (written) {
    bound(pod, node_name);
  } else {
    not_bound(pod, written.error());
  }
  decide_soon();
}

void Shim::bound(const PodInfo& pod, const std::string& node_name) {
  ++bound_;
  queue_.done(pod.uid);
  untold_.erase(pod.uid);
  record(pod, {false, "Scheduled", "Binding",
               "Successfully assigned " + pod.identity->namespace_ + "/" + pod.name + " to " +
                   node_name});
}

// Where it was written all the same, the watch will show it.
void Shim::not_bound(const PodInfo& pod, const Error& error) {
  spdlog::info("{}/{} not bound: {}", pod.identity->namespace_, pod.name, error.message());
  wake(cache_.forget(pod.uid));
  queue_.failed(pod.uid, context_.clock.now());
}

// ---- Telling

void Shim::record(const PodInfo& pod, const kube::EventNote& note) {
  context_.events.record(
      {api::kSandboxApiVersion, api::kSandboxKind, pod.identity->namespace_, pod.name, pod.uid},
      note);
}

void Shim::tell(const PodInfo& pod, Unbound unbound) {
  Subject subject{pod.identity->namespace_, pod.name, pod.uid};
  untold_.insert_or_assign(pod.uid, std::pair(std::move(subject), std::move(unbound)));
  statuses_.add(pod.uid);
}

Task<Result<>> Shim::write_status(std::string uid) {
  auto found = untold_.find(uid);
  if (found == untold_.end()) co_return Result<>();
  const Subject subject = found->second.first;
  const kube::ObjectRef ref{kube::kSandboxes, subject.namespace_, subject.name, ""};
  const kube::ObjectRef status_ref{kube::kSandboxes, subject.namespace_, subject.name, "status"};
  const auto object = co_await context_.client.get(ref);
  if (!object && object.error().code() == Code::kNotFound) co_return Result<>();
  if (!object) co_return object.error();
  found = untold_.find(uid);
  const bool is_over = found == untold_.end() || text_at(*object, "/metadata/uid") != uid ||
                       !text_at(*object, "/status/nodeName").empty();
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

void Shim::delete_expired() {
  const WallTime now = context_.clock.wall();
  for (const auto& uid : expiry_.take_due(now)) deletions_.add(uid);
  next_expiry_.reset();
  if (expiry_.next() == WallTime::max()) return;
  // A clock that is set is noticed within the minute.
  const Duration wait = std::min<Duration>(expiry_.next() - now, std::chrono::minutes(1));
  next_expiry_ = context_.clock.call_after(wait, [this] { delete_expired(); });
}

Task<Result<>> Shim::delete_one(std::string uid) {
  const auto found = expiring_.find(uid);
  if (found == expiring_.end()) co_return Result<>();
  const Subject subject = found->second;
  const kube::ObjectRef ref{kube::kSandboxes, subject.namespace_, subject.name, ""};
  const auto removed = co_await context_.client.remove(ref, uid);
  const bool is_gone = !removed && (removed.error().code() == Code::kNotFound ||
                                    removed.error().code() == Code::kFailedPrecondition);
  if (!removed && !is_gone) co_return removed.error();
  spdlog::info("{}/{} deleted at its shutdownTime", subject.namespace_, subject.name);
  expiring_.erase(uid);
  co_return Result<>();
}

Task<Result<>> Shim::release_one(std::string uid) {
  const auto found = releasing_.find(uid);
  if (found == releasing_.end()) co_return Result<>();
  const Subject subject = found->second;
  const kube::ObjectRef ref{kube::kSandboxes, subject.namespace_, subject.name, ""};
  const auto object = co_await context_.client.get(ref);
  if (!object && object.error().code() == Code::kNotFound) co_return Result<>();
  if (!object) co_return object.error();
  if (text_at(*object, "/metadata/uid") != uid) co_return Result<>();
  Json patch = release_patch(*object);
  if (patch.is_null()) co_return Result<>();
  const auto released = co_await context_.client.merge_patch(ref, std::move(patch));
  if (!released && released.error().code() == Code::kNotFound) co_return Result<>();
  if (!released) co_return released.error();
  spdlog::info("{}/{} was deleted and is on no node: let go", subject.namespace_, subject.name);
  co_return Result<>();
}

}  // namespace sandboxlet::scheduler
