#include "scheduler-shim/network/route_table.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "kube/fields.h"

namespace sandboxlet::network {

RouteTable::RouteTable(const scheduler::ControllerContext& context,
                       std::function<void(const std::string& uid)> on_change)
    : context_(context), on_change_(std::move(on_change)) {}

void RouteTable::refer(const Reach& reach) {
  const std::string& uid = reach.sandbox.uid;
  forget(uid);
  for (const api::RouteRef& ref : reach.routes) {
    const RouteKind* const kind = find_route_kind(ref.kind);
    if (kind == nullptr) continue;
    Key key{ref.kind, reach.sandbox.namespace_, ref.name};
    referrers_[key].insert(uid);
    references_[uid].push_back(std::move(key));
    if (!kinds_.contains(ref.kind)) follow(*kind);
  }
}

void RouteTable::forget(const std::string& uid) {
  const auto references = references_.extract(uid);
  if (!references) return;
  for (const Key& key : references.mapped()) {
    const auto found = referrers_.find(key);
    found->second.erase(uid);
    if (found->second.empty()) referrers_.erase(found);
  }
}

std::optional<std::vector<RouteStatus>> RouteTable::statuses(
    const Reach& reach, const std::vector<std::string>& services) const {
  std::vector<RouteStatus> statuses;
  for (const api::RouteRef& ref : reach.routes) {
    const auto found = kinds_.find(ref.kind);
    if (found == kinds_.end()) continue;
    const Kind& kind = found->second;
    if (!kind.informer->has_synced() && kind.trouble.empty()) return std::nullopt;
    const Key key{ref.kind, reach.sandbox.namespace_, ref.name};
    statuses.push_back(route_status(ref, knowledge(kind, key), services));
  }
  return statuses;
}

void RouteTable::follow(const RouteKind& followed) {
  Kind& kind = kinds_[followed.name];
  kind.kind = &followed;
  kube::Informer::Callbacks callbacks;
  callbacks.set = [this, &kind](const Json& object) {
    Route route = read_route(*kind.kind, object);
    const std::string uid = kube::text_at(object, "/metadata/uid");
    uids_[{kind.kind->name, route.namespace_, route.name}] = uid;
    changed(kind, kind.routes.insert_or_assign(uid, std::move(route)).first->second);
  };
  callbacks.remove = [this, &kind](const std::string& uid) {
    const auto gone = kind.routes.extract(uid);
    if (!gone) return;
    const Route& route = gone.mapped();
    // One that was made anew has its place already.
    const auto found = uids_.find({kind.kind->name, route.namespace_, route.name});
    if (found != uids_.end() && found->second == uid) uids_.erase(found);
    changed(kind, route);
  };
  callbacks.synced = [this, &kind] {
    kind.trouble.clear();
    changed(kind);
  };
  callbacks.connected = [this, &kind](bool is, const std::string& why) {
    if (is) return spdlog::info("{}: followed", kind.kind->resource.plural);
    spdlog::warn("{}: {}", kind.kind->resource.plural, why);
    // What was once read holds on.
    if (kind.informer && kind.informer->has_synced()) return;
    kind.trouble = fmt::format("this cluster shows no {} of {}/{}: {}", kind.kind->name,
                               kind.kind->resource.group, kind.kind->resource.version, why);
    changed(kind);
  };
  kind.informer = std::make_unique<kube::Informer>(context_.io, context_.clock, context_.streams,
                                                   kube::Selection{followed.resource, "", "", ""},
                                                   kube::Informer::Key::kUid, std::move(callbacks));
}

void RouteTable::changed(const Kind& kind, const Route& route) {
  const auto found = referrers_.find({kind.kind->name, route.namespace_, route.name});
  if (found == referrers_.end()) return;
  for (const auto& uid : found->second) on_change_(uid);
}

void RouteTable::changed(const Kind& kind) {
  for (const auto& [key, uids] : referrers_) {
    if (std::get<0>(key) != kind.kind->name) continue;
    for (const auto& uid : uids) on_change_(uid);
  }
}

RouteKnowledge RouteTable::knowledge(const Kind& kind, const Key& key) const {
  if (!kind.informer->has_synced()) return {kind.trouble, nullptr};
  const auto uid = uids_.find(key);
  if (uid == uids_.end()) return {};
  const auto route = kind.routes.find(uid->second);
  return {"", route == kind.routes.end() ? nullptr : &route->second};
}

}  // namespace sandboxlet::network
