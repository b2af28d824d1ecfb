#include "scheduler-shim/eviction/guards.h"

#include <spdlog/spdlog.h>

#include "kube/fields.h"

namespace sandboxlet::eviction {

namespace {

using Json = nlohmann::json;

constexpr kube::Resource kPods{"", "v1", "pods"};
constexpr kube::Resource kNodes{"", "v1", "nodes"};
constexpr size_t kWriters = 4;
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(30)};
// A node whose last Sandbox has gone often has another soon.
constexpr Duration kLingers = std::chrono::minutes(5);

bool is_over(const Error& error) {
  return error.code() == Code::kNotFound || error.code() == Code::kFailedPrecondition ||
         error.code() == Code::kAlreadyExists;
}

// What was missed is seen by the watch.
Result<> settled(const Result<Json>& answer) {
  if (answer || is_over(answer.error())) return {};
  return answer.error();
}

}  // namespace

Guards::Guards(const scheduler::ControllerContext& context, GuardOptions options, Listener listener)
    : context_(context),
      options_(std::move(options)),
      listener_(std::move(listener)),
      work_(context_.io, context_.clock, kWriters, kBackoff,
            [this](std::string node) { return work(std::move(node)); }) {
  if (options_.image.empty()) return;
  kube::Informer::Callbacks callbacks;
  callbacks.set = [this](const Json& pod) {
    Guard guard = read_guard(pod);
    const std::string node = guard.node;
    guards_[kube::text_at(pod, "/metadata/name")] = std::move(guard);
    listener_.changed(node);
    tend(node);
  };
  callbacks.remove = [this](const std::string& name) {
    const std::string node = guards_[name].node;
    guards_.erase(name);
    listener_.changed(node);
    tend(node);
  };
  callbacks.synced = [this] { listener_.synced(); };
  informer_ = follow(context_, kube::Selection{kPods, options_.namespace_, "", kGuardLabel},
                     kube::Informer::Key::kName, std::move(callbacks));
}

void Guards::tend(const std::string& node) {
  if (!options_.image.empty()) work_.add(node);
}

void Guards::tend_all() {
  for (const auto& [name, guard] : guards_) tend(guard.node);
}

bool Guards::is_drained(const std::string& node) const {
  const auto guard = find(node);
  return guard && guard->is_deleted && guard->has_finalizer;
}

std::optional<Guard> Guards::find(const std::string& node) const {
  const auto found = guards_.find(guard_name(node));
  return found == guards_.end() ? std::nullopt : std::optional(found->second);
}

kube::ObjectRef Guards::ref(const std::string& node) const {
  return {kPods, options_.namespace_, guard_name(node), ""};
}

Task<Result<>> Guards::work(std::string node) {
  const auto occupancy = listener_.occupancy(node);
  if (!occupancy || !has_synced()) co_return Result<>();
  const auto guard = find(node);
  const GuardStep step = next_step(guard, *occupancy);
  if (step != GuardStep::kRemove) idle_since_.erase(node);
  switch (step) {
    case GuardStep::kNothing:
      co_return Result<>();
    case GuardStep::kCreate:
      co_return co_await create(std::move(node));
    case GuardStep::kRemove: {
      const TimePoint since = idle_since_.try_emplace(node, context_.clock.now()).first->second;
      const TimePoint due = occupancy->is_drainable ? since + kLingers : since;
      if (context_.clock.now() >= due) co_return co_await remove(*guard);
      work_.add_at(node, due);
      co_return Result<>();
    }
    case GuardStep::kRelease: {
      if (occupancy->is_drainable && occupancy->holders > 0) {
        CO_TRY(const bool is_held, co_await is_cordoned(node));
        if (is_held) co_return Result<>();
      }
      co_return co_await release(*guard);
    }
  }
  co_return Result<>();
}

Task<Result<>> Guards::create(std::string node) {
  const kube::ObjectRef owner{kube::kSandboxNodes, "", node, ""};
  const auto object = co_await context_.client.get(owner);
  if (!object) co_return settled(object);
  const kube::ObjectRef all{kPods, options_.namespace_, "", ""};
  Json pod = guard_pod(node, *object, options_.namespace_, options_.image);
  co_return settled(co_await context_.client.create(all, std::move(pod)));
}

Task<Result<>> Guards::remove(Guard guard) {
  const kube::ObjectRef pod = ref(guard.node);
  co_return settled(co_await context_.client.remove(pod, guard.uid));
}

Task<Result<>> Guards::release(Guard guard) {
  const kube::ObjectRef pod = ref(guard.node);
  const auto object = co_await context_.client.get(pod);
  if (!object) co_return settled(object);
  if (kube::text_at(*object, "/metadata/uid") != guard.uid) co_return Result<>();
  Json patch = release_guard_patch(*object);
  if (patch.is_null()) co_return Result<>();
  spdlog::info("node {}: nothing holds its drain any more", guard.node);
  co_return settled(co_await context_.client.merge_patch(pod, std::move(patch)));
}

Task<Result<bool>> Guards::is_cordoned(std::string node) {
  const kube::ObjectRef core{kNodes, "", node, ""};
  const auto object = co_await context_.client.get(core);
  if (object) co_return object->value(Json::json_pointer("/spec/unschedulable"), false);
  if (object.error().code() == Code::kNotFound) co_return false;
  co_return object.error();
}

}  // namespace sandboxlet::eviction
