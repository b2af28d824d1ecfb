#include "agent/sandbox/manager.h"

#include <spdlog/spdlog.h>

#include "agent/pod/labels.h"
#include "agent/sandbox/relist.h"
#include "base/offload.h"

namespace sandboxlet::agent {

namespace v1 = ::runtime::v1;

namespace {

// Of a pod's start, which takes less on a machine that has much to do.
constexpr auto kLongestTurn = std::chrono::seconds(5);

}  // namespace

Manager::Manager(ManagerContext context)
    : context_(std::move(context)),
      pod_turns_(context_.clock, context_.pods_at_once, kLongestTurn),
      actor_context_{context_.io,         context_.clock,  context_.executor,
                     pod_turns_,          resumes_,        *this,
                     context_.watch_exit, context_.depths, context_.deepen_after,
                     context_.limits} {}

Manager::~Manager() { retire(); }

void Manager::retire() {
  for (const auto& [uid, actor] : actors_) actor->retire();
}

void Manager::want(api::Sandbox sandbox, const std::string& cause) {
  const std::string uid = sandbox.metadata.uid;
  if (const auto found = actors_.find(uid); found != actors_.end()) {
    return found->second->want(std::move(sandbox), cause);
  }
  const auto actor = std::make_shared<Actor>(actor_context_, std::move(sandbox));
  actors_[uid] = actor;
  actor->look();
}

void Manager::want_new(api::Sandbox sandbox) {
  const std::string uid = sandbox.metadata.uid;
  const auto actor = std::make_shared<Actor>(actor_context_, std::move(sandbox));
  actors_[uid] = actor;
  actor->begin_from_nothing();
}

void Manager::release(const std::string& uid) {
  const auto found = actors_.find(uid);
  if (found == actors_.end()) return;
  found->second->retire();
  actors_.erase(found);
}

std::shared_ptr<Actor> Manager::find(const std::string& uid) const {
  const auto found = actors_.find(uid);
  return found == actors_.end() ? nullptr : found->second;
}

std::vector<WorkSubject> Manager::watched_for_work() const {
  std::vector<WorkSubject> subjects;
  for (const auto& [uid, actor] : actors_) {
    if (const pid_t pid = actor->watched_process(); pid != 0) subjects.push_back({uid, pid});
  }
  return subjects;
}

// In step, as they are many.
std::optional<TimePoint> Manager::looked_for_work(const std::vector<WorkSubject>& subjects,
                                                  const std::vector<bool>& found, TimePoint at) {
  std::optional<TimePoint> first;
  auto next = actors_.begin();
  for (size_t i = 0; i < subjects.size(); ++i) {
    while (next != actors_.end() && next->first < subjects[i].uid) ++next;
    if (next == actors_.end()) break;
    if (next->first != subjects[i].uid) continue;
    const auto due = next->second->looked_for_work(found[i], at);
    if (due) first = std::min(first.value_or(*due), *due);
  }
  return first;
}

void Manager::set_depths(Depths depths) {
  actor_context_.depths = std::move(depths);
  for (const auto& [uid, actor] : actors_) actor->reconsider();
}

void Manager::set_memory_short(bool is_short) {
  resumes_.set_short(is_short);
  if (!is_short) return;
  Actor* longest = nullptr;
  api::Time since;
  for (const auto& [uid, actor] : actors_) {
    const auto suspended = actor->may_be_pressed();
    if (!suspended || (longest != nullptr && *suspended >= since)) continue;
    longest = actor.get();
    since = *suspended;
  }
  if (longest != nullptr) longest->press();
}

void Manager::status_changed(const Actor& actor) {
  context_.observer.status_changed(actor.sandbox());
}

void Manager::event(const Actor& actor, const EventText& text) {
  context_.observer.event(actor.sandbox(), text);
}

void Manager::operation(const Actor& actor, const OperationRecord& record) {
  context_.observer.operation(actor.sandbox(), record);
}

void Manager::passage(const Actor& actor, const PassageRecord& record) {
  context_.observer.passage(actor.sandbox(), record);
}

void Manager::woken(const Actor& actor, const std::string& cause) {
  context_.observer.woken(actor.sandbox(), cause);
}

void Manager::finished(const Actor& actor) {
  const auto found = actors_.find(actor.sandbox().metadata.uid);
  const std::shared_ptr<Actor> last = found->second;
  actors_.erase(found);
  context_.observer.finished(last->sandbox());
}

// ---- Relist

void Manager::start() { relist_later({}); }

void Manager::relist_later(Duration delay) {
  timer_ = context_.clock.call_after(
      delay, [this] { asio::co_spawn(context_.io, relist_and_again(), die_on_exception); });
}

Task<void> Manager::relist_and_again() {
  const auto done = co_await relist();
  // Told when it changes: a runtime that is away for an hour is one line.
  std::string trouble;
  if (!done) trouble = done.error().message();
  if (trouble != relist_trouble_) {
    if (done) {
      spdlog::info("relist: all is well again");
    } else {
      spdlog::warn("relist: {}", trouble);
    }
    relist_trouble_ = trouble;
  }
  relist_later(context_.relist_period);
}

Task<Result<>> Manager::relist() {
  // What is under way now, or begins meanwhile, is not judged by this list.
  std::map<std::string, Observed> before;
  for (const auto& [uid, actor] : actors_) {
    if (actor->is_idle() && actor->observed().known) before.emplace(uid, actor->observed());
  }
  v1::PodSandboxFilter pod_filter;
  (*pod_filter.mutable_label_selector())[kManagedByLabel] = context_.managed_by;
  CO_TRY(const auto pods, co_await context_.runtime.list_pod_sandbox(pod_filter));
  v1::ContainerFilter container_filter;
  (*container_filter.mutable_label_selector())[kManagedByLabel] = context_.managed_by;
  CO_TRY(const auto containers, co_await context_.runtime.list_containers(container_filter));

  const auto prints = fingerprints_of(pods, containers);
  for (const auto& [uid, seen] : before) {
    const auto actor = find(uid);
    const auto listed = prints.find(uid);
    const Fingerprint now = listed == prints.end() ? Fingerprint() : listed->second;
    if (!actor || now == fingerprint_of(seen)) continue;
    if (actor->is_idle() && fingerprint_of(actor->observed()) == fingerprint_of(seen)) {
      spdlog::info("relist: {}/{} is not as it was last seen", actor->sandbox().metadata.namespace_,
                   actor->sandbox().metadata.name);
      actor->look();
    }
  }
  co_return co_await remove_orphans(pods);
}

// Pods and cgroups of ours whose Sandbox nobody wants. Data is left alone: a lost store must not
// take the data with it.
Task<Result<>> Manager::remove_orphans(std::vector<v1::PodSandbox> pods) {
  Result<> trouble;
  for (const auto& pod : pods) {
    if (actors_.contains(pod.metadata().uid())) continue;
    spdlog::warn("removing the pod sandbox {} of a Sandbox that is not known here: {}/{}", pod.id(),
                 pod.metadata().namespace_(), pod.metadata().name());
    // A frozen one would hold its own removal up (design: suspend.md, trap 2).
    auto thaw = [this, uid = pod.metadata().uid()] { return context_.cgroups.thaw(uid); };
    static_cast<void>(co_await offload(context_.pool, thaw));
    auto removed = co_await context_.runtime.stop_pod_sandbox(pod.id());
    if (removed) removed = co_await context_.runtime.remove_pod_sandbox(pod.id());
    // The others are not to wait for this one.
    if (!removed) trouble = std::move(removed);
  }
  auto list = [this] { return context_.cgroups.list(); };
  CO_TRY(const auto names, co_await offload(context_.pool, list));
  for (const auto& name : names) {
    const bool has_pod = std::any_of(pods.begin(), pods.end(), [&](const v1::PodSandbox& pod) {
      return pod.metadata().uid() == name;
    });
    if (actors_.contains(name) || has_pod) continue;
    auto remove = [this, name] { return context_.cgroups.remove(name); };
    auto removed = co_await offload(context_.pool, remove);
    if (!removed) trouble = std::move(removed);
  }
  co_return trouble;
}

}  // namespace sandboxlet::agent
