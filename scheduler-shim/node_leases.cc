#include "scheduler-shim/node_leases.h"

#include <spdlog/spdlog.h>

#include "kube/fields.h"
#include "kube/heartbeat.h"

namespace sandboxlet::scheduler {

namespace {

constexpr Duration kSweepPeriod = std::chrono::seconds(5);

}  // namespace

NodeLeases::NodeLeases(const ControllerContext& context)
    : context_(context), liveness_(kube::Heartbeat::kLasts) {
  kube::Informer::Callbacks callbacks;
  callbacks.set = [this](const nlohmann::json& lease) { set(lease); };
  callbacks.remove = [this](const std::string& node) { remove(node); };
  // What was not seen while there was no watch is nobody's fault.
  callbacks.connected = [this](bool is, const std::string&) {
    sees_ = is;
    if (is) liveness_.forgive(context_.clock.now());
  };
  callbacks.synced = [this] { synced_(); };
  informer_ = follow(context_, kube::kLeases, kube::kNodeLeaseNamespace, kube::Informer::Key::kName,
                     std::move(callbacks));
  sweep();
}

Result<> NodeLeases::ready() const {
  if (informer_->has_synced()) return {};
  return Error(Code::kUnavailable, "leases are not known yet");
}

std::optional<Duration> NodeLeases::lost_for(const std::string& node) const {
  const auto silence = liveness_.silence(node);
  if (!sees_ || !silence) return std::nullopt;
  const Duration lost = context_.clock.now() - silence->since - kube::Heartbeat::kLasts;
  return lost < Duration() ? std::nullopt : std::optional(lost);
}

void NodeLeases::set(const nlohmann::json& lease) {
  const std::string node = kube::text_at(lease, "/metadata/name");
  const bool revived =
      liveness_.note(node, kube::text_at(lease, "/spec/renewTime"), context_.clock.now());
  if (revived) listener_(node, true);
}

void NodeLeases::remove(const std::string& node) {
  if (liveness_.end(node, context_.clock.now())) listener_(node, false);
}

void NodeLeases::sweep() {
  for (const auto& node : liveness_.expire(context_.clock.now())) {
    spdlog::warn("node {}: its lease has run out", node);
    listener_(node, false);
  }
  next_sweep_ = context_.clock.call_after(kSweepPeriod, [this] { sweep(); });
}

}  // namespace sandboxlet::scheduler
