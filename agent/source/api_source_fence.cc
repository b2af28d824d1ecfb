// What ApiSource does while this node is cut off from the API server, and when it is back.
#include <spdlog/spdlog.h>

#include "agent/source/api_source.h"
#include "api/node_loss.h"
#include "api/time.h"

namespace sandboxlet::agent {

void ApiSource::set_fence(const api::Sandbox& sandbox) {
  const std::string& uid = sandbox.metadata.uid;
  if (!fence_.set(uid, api::moved_after(sandbox.spec))) return;
  fences_changed();
  // Nothing has changed for the others.
  const TimePoint next = fence_.next(uid);
  if (next <= clock().now()) return fence_due();
  fence_due_at(next);
}

void ApiSource::fence_due_at(TimePoint when) {
  if (when >= next_fence_at_) return;
  next_fence_at_ = when;
  next_fence_ = clock().call_at(when, [this] { fence_due(); });
}

void ApiSource::fences_changed() {
  if (context_.fences_changed) context_.fences_changed(fence_.record());
}

void ApiSource::fence_due() {
  for (const auto& [uid, kill_at] : fence_.take_due(clock().now())) {
    const auto actor = manager().find(uid);
    if (!actor) continue;
    const auto& meta = actor->sandbox().metadata;
    spdlog::warn("{}/{} may be bound to another node: it must not run until the API server answers",
                 meta.namespace_, meta.name);
    actor->fence(kill_at);
  }
  next_fence_.reset();
  next_fence_at_ = TimePoint::max();
  fence_due_at(fence_.next());
}

void ApiSource::lease_renewed(TimePoint asked_at) {
  fence_.renewed(asked_at);
  for (const std::string& uid : fence_.fenced()) {
    const auto found = entries_.find(uid);
    if (found == entries_.end()) continue;
    found->second.confirms_at = api::format_micro_time(clock().wall());
    writes_.add(uid);
  }
  fence_due();
}

void ApiSource::confirmed(ApiEntry& entry, const std::string& at) {
  // The node may have been cut off once more since.
  if (entry.confirms_at != at) return;
  entry.confirms_at.clear();
  const std::string& uid = entry.meta.uid;
  const auto actor = manager().find(uid);
  if (!actor || !fence_.release(uid, clock().now())) return;
  spdlog::info("{}/{} is bound to this node still", entry.meta.namespace_, entry.meta.name);
  actor->fence(std::nullopt);
  fence_due();
}

}  // namespace sandboxlet::agent
