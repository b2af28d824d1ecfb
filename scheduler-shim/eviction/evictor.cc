#include "scheduler-shim/eviction/evictor.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "api/sandbox.h"
#include "api/time.h"
#include "kube/fields.h"

namespace sandboxlet::eviction {

namespace {

using Json = nlohmann::json;

constexpr size_t kWriters = 8;
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(30)};

}  // namespace

Evictor::Evictor(const scheduler::ControllerContext& context, GuardOptions guards)
    : context_(context),
      work_(context_.io, context_.clock, kWriters, kBackoff,
            [this](std::string uid) { return work(std::move(uid)); }),
      guards_(context_, std::move(guards),
              {[this](const std::string& node) { return occupancy(node); },
               [this](const std::string& node) { node_changed(node); }, [this] { look_again(); }}) {
}

// ---- What the API server shows

void Evictor::set(const Json& sandbox) {
  Resident resident = read_resident(sandbox, context_.clock.now());
  const std::string uid = resident.ref.uid;
  const std::string node = resident.node;
  const auto known = residents_.find(uid);
  const bool stays = known != residents_.end() && known->second.node == node;
  const bool held = stays && holds_drain(known->second);
  if (stays) resident.here_since = known->second.here_since;
  if (!stays) forget(uid);
  if (node.empty()) return;
  const bool holds = holds_drain(resident);
  by_node_[node].insert(uid);
  consider(residents_[uid] = std::move(resident));
  if (!stays || holds != held) guards_.tend(node);
}

void Evictor::remove(const std::string& uid) { forget(uid); }

void Evictor::forget(const std::string& uid) {
  const auto found = residents_.find(uid);
  if (found == residents_.end()) return;
  const std::string node = found->second.node;
  const auto others = by_node_.find(node);
  others->second.erase(uid);
  if (others->second.empty()) by_node_.erase(others);
  residents_.erase(found);
  work_.forget(uid);
  guards_.tend(node);
}

void Evictor::synced() {
  knows_sandboxes_ = true;
  look_again();
}

void Evictor::look_again() {
  for (const auto& [node, uids] : by_node_) {
    node_changed(node);
    guards_.tend(node);
  }
  guards_.tend_all();
}

void Evictor::set_node(const std::string& name, const scheduler::NodeInfo* sandbox_node,
                       const scheduler::NodeInfo* core) {
  nodes_[name] = read_node(sandbox_node, core, nodes_[name], context_.clock.now());
  if (sandbox_node == nullptr && core == nullptr) nodes_.erase(name);
  node_changed(name);
  guards_.tend(name);
}

void Evictor::nodes_synced() {
  if (!std::exchange(knows_nodes_, true)) look_again();
}

void Evictor::node_changed(const std::string& name) {
  const auto node = nodes_.find(name);
  if (node != nodes_.end()) {
    node->second.is_drained = node->second.is_cordoned && guards_.is_drained(name);
  }
  const auto uids = by_node_.find(name);
  if (uids == by_node_.end()) return;
  for (const auto& uid : uids->second) consider(residents_.at(uid));
}

// ---- Deciding

std::optional<Occupancy> Evictor::occupancy(const std::string& node) const {
  if (!knows_sandboxes_ || !knows_nodes_) return std::nullopt;
  Occupancy now;
  if (const auto found = nodes_.find(node); found != nodes_.end()) {
    now.is_drainable = found->second.is_known && found->second.has_core;
    now.is_cordoned = found->second.is_cordoned;
  }
  const auto uids = by_node_.find(node);
  if (uids == by_node_.end()) return now;
  now.residents = uids->second.size();
  now.holders = static_cast<size_t>(std::ranges::count_if(
      uids->second, [this](const auto& uid) { return holds_drain(residents_.at(uid)); }));
  return now;
}

std::optional<Cause> Evictor::cause(const Resident& resident) const {
  const auto node = nodes_.find(resident.node);
  return node == nodes_.end() ? std::nullopt : cause_of(resident, node->second);
}

Step Evictor::next_step_of(const Resident& resident) const {
  const auto why = cause(resident);
  const Step step = next_step(resident, why && why->due <= context_.clock.now());
  // What is not known yet is not over.
  const bool knows_all = knows_nodes_ && guards_.has_synced();
  return step == Step::kTakeBack && !knows_all ? Step::kNothing : step;
}

void Evictor::consider(const Resident& resident) {
  const auto why = cause(resident);
  if (next_step_of(resident) != Step::kNothing) {
    work_.add(resident.ref.uid);
  } else if (why && !resident.is_marked) {
    work_.add_at(resident.ref.uid, why->due);
  }
}

Task<Result<>> Evictor::work(std::string uid) {
  auto found = residents_.find(uid);
  if (found == residents_.end()) co_return Result<>();
  if (next_step_of(found->second) == Step::kNothing) {
    consider(found->second);
    co_return Result<>();
  }
  const kube::ObjectRef ref = scheduler::object_ref(found->second.ref);
  const kube::ObjectRef status_ref = scheduler::object_ref(found->second.ref, "status");
  const auto object = co_await context_.client.get(ref);
  if (!object && object.error().code() == Code::kNotFound) co_return Result<>();
  if (!object) co_return object.error();
  found = residents_.find(uid);
  if (found == residents_.end()) co_return Result<>();
  Resident resident = read_resident(*object, context_.clock.now());
  resident.here_since = found->second.here_since;
  // The watch is to tell of it.
  const bool is_other = resident.ref.uid != uid || resident.node != found->second.node;
  if (is_other) co_return Result<>();
  const auto why = cause(resident);
  const Step step = next_step_of(resident);
  Json patch = patch_for(step, *object, why ? &*why : nullptr,
                         api::format_micro_time(context_.clock.wall()));
  if (patch.is_null()) co_return Result<>();
  const auto written = co_await context_.client.merge_patch(status_ref, std::move(patch));
  // Somebody was faster, or it is gone: the watch tells.
  const bool is_over = !written && (written.error().code() == Code::kFailedPrecondition ||
                                    written.error().code() == Code::kNotFound);
  if (is_over) co_return Result<>();
  if (!written) co_return written.error();
  const std::string marked = kube::text_at(*object, "/status/eviction/message");
  record(resident, step, step == Step::kMark ? why->message : marked);
  co_return Result<>();
}

void Evictor::record(const Resident& resident, Step step, const std::string& why) {
  const auto& [namespace_, name, uid] = resident.ref;
  const kube::EventSubject subject{api::kSandboxApiVersion, api::kSandboxKind, namespace_, name,
                                   uid};
  kube::EventNote note{true, "Evicting", "Evicting", why};
  if (step == Step::kTakeBack) note = {false, "EvictionTakenBack", "Evicting", "It may stay"};
  if (step == Step::kUnbind) note = {true, "Evicted", "Unbinding", why};
  spdlog::info("{}/{} on node {}: {}: {}", namespace_, name, resident.node, note.reason, note.note);
  context_.events.record(subject, note);
}

}  // namespace sandboxlet::eviction
