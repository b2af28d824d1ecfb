#include "scheduler-shim/node_loss.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "api/json.h"
#include "api/node_loss.h"
#include "api/time.h"
#include "kube/fields.h"
#include "kube/heartbeat.h"
#include "scheduler-shim/lost_status.h"
#include "scheduler-shim/read_claim_info.h"
#include "scheduler-shim/takes_traffic.h"

namespace sandboxlet::scheduler {

namespace {

using Json = nlohmann::json;

constexpr size_t kWriters = 8;
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(30)};
constexpr Duration kSweepPeriod = std::chrono::seconds(5);
// Between two looks whether the node of a deleted Sandbox is gone for good.
constexpr Duration kLooks = std::chrono::seconds(30);

// Of the spec that part which says whether and how long it stays with a lost node.
api::SandboxSpec part_of(const Json& sandbox) {
  Json part{{"spec", Json::object()}};
  for (const char* place :
       {"/spec/podTemplate/spec/tolerations", "/spec/operatingMode", "/spec/pause"}) {
    const Json::json_pointer field(place);
    if (sandbox.contains(field)) part[field] = sandbox[field];
  }
  api::SandboxSpec spec = api::read_parsed(part).sandbox.spec;
  // Of claims it counts that there are any.
  JsonReader reader;
  reader.object(sandbox, "spec", [&](const Json& all) {
    spec.volumeClaimTemplates.resize(read_pod_claims(reader, all, "").size());
  });
  return spec;
}

std::string message_of(const std::string& node, const std::optional<Duration>& moved_after) {
  if (!moved_after) return "Node \"" + node + "\" does not answer, and the Sandbox waits for it";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*moved_after).count();
  return fmt::format("Node \"{}\" does not answer, and the Sandbox is bound to another after {} s",
                     node, seconds);
}

}  // namespace

NodeLoss::NodeLoss(const ControllerContext& context, NodeLeases& leases)
    : context_(context),
      leases_(leases),
      words_(context_.io, context_.clock, kWriters, kBackoff,
             [this](std::string uid) { return tell(std::move(uid)); }),
      moves_(context_.io, context_.clock, kWriters, kBackoff,
             [this](std::string uid) { return move(std::move(uid)); }) {
  sweep();
}

void NodeLoss::set(const Json& sandbox) {
  const SandboxRef ref = sandbox_ref(sandbox);
  const std::string node = kube::text_at(sandbox, "/status/nodeName");
  const auto known = sandboxes_.find(ref.uid);
  const TimePoint not_before = known == sandboxes_.end() ? TimePoint() : known->second.not_before;
  forget(ref.uid);
  if (node.empty()) return;
  const api::SandboxSpec spec = part_of(sandbox);
  leases_.expect(node);
  by_node_[node].insert(ref.uid);
  sandboxes_[ref.uid] = {ref,
                         node,
                         !kube::text_at(sandbox, "/metadata/deletionTimestamp").empty(),
                         api::wants_suspension(spec),
                         takes_traffic(sandbox),
                         api::moved_after(spec),
                         not_before};
}

void NodeLoss::remove(const std::string& uid) { forget(uid); }

void NodeLoss::forget(const std::string& uid) {
  const auto found = sandboxes_.find(uid);
  if (found == sandboxes_.end()) return;
  const auto others = by_node_.find(found->second.node);
  others->second.erase(uid);
  if (others->second.empty()) by_node_.erase(others);
  sandboxes_.erase(found);
}

// Nodes that answer cost nothing but being asked for.
void NodeLoss::sweep() {
  const TimePoint now = context_.clock.now();
  for (const auto& [node, uids] : by_node_) {
    if (!leases_.lost_for(node)) continue;
    for (const auto& uid : uids) {
      Bound& bound = sandboxes_.at(uid);
      const bool is_tried = now >= bound.not_before && is_due(bound);
      if (is_tried) {
        bound.not_before = now + kLooks;
        moves_.add(uid);
      }
      // A move says it too, and the one write would make a conflict of the other.
      const bool moves_on = is_tried && !bound.is_deleted;
      if (bound.takes_traffic && !moves_on) words_.add(uid);
    }
  }
  next_sweep_ = context_.clock.call_after(kSweepPeriod, [this] { sweep(); });
}

bool NodeLoss::is_due(const Bound& bound) const {
  const auto lost = leases_.lost_for(bound.node);
  if (!lost) return false;
  if (bound.is_deleted) return true;
  return bound.moved_after && !bound.wants_suspension && *lost >= *bound.moved_after;
}

Task<Result<>> NodeLoss::tell(std::string uid) {
  const auto found = sandboxes_.find(uid);
  if (found == sandboxes_.end()) co_return Result<>();
  const Bound bound = found->second;
  const auto object = co_await context_.client.get(object_ref(bound.ref));
  if (!object && object.error().code() == Code::kNotFound) co_return Result<>();
  if (!object) co_return object.error();
  const bool is_other = kube::text_at(*object, "/metadata/uid") != uid ||
                        kube::text_at(*object, "/status/nodeName") != bound.node;
  if (is_other || !leases_.lost_for(bound.node)) co_return Result<>();
  const auto moved_after = bound.wants_suspension ? std::nullopt : bound.moved_after;
  Json patch = lost_patch(*object, message_of(bound.node, moved_after),
                          api::format_time(context_.clock.wall()));
  if (patch.is_null()) co_return Result<>();
  const auto written =
      co_await context_.client.merge_patch(object_ref(bound.ref, "status"), std::move(patch));
  if (!written && written.error().code() != Code::kNotFound) co_return written.error();
  co_return Result<>();
}

Task<Result<>> NodeLoss::move(std::string uid) {
  const auto found = sandboxes_.find(uid);
  if (found == sandboxes_.end()) co_return Result<>();
  const Bound bound = found->second;
  const auto silence = leases_.liveness().silence(bound.node);
  if (!silence || !is_due(bound)) co_return Result<>();
  // Before the lease is asked for: what its agent writes from here on makes the patch a conflict.
  const auto object = co_await context_.client.get(object_ref(bound.ref));
  if (!object && object.error().code() == Code::kNotFound) co_return Result<>();
  if (!object) co_return object.error();
  const bool is_other = kube::text_at(*object, "/metadata/uid") != uid ||
                        kube::text_at(*object, "/status/nodeName") != bound.node ||
                        api::wants_suspension(part_of(*object)) != bound.wants_suspension;
  if (is_other) co_return Result<>();
  CO_TRY(const bool is_silent, co_await is_silent_still(bound.node, silence->renew_time));
  if (!is_silent) co_return Result<>();
  if (bound.is_deleted) {
    CO_TRY(const bool is_gone, co_await is_gone_for_good(bound.node));
    if (!is_gone) co_return Result<>();
  }
  Json patch = unbind_patch(*object, "NodeLost", "Node " + bound.node + " does not answer",
                            api::format_micro_time(context_.clock.wall()));
  const auto written =
      co_await context_.client.merge_patch(object_ref(bound.ref, "status"), std::move(patch));
  // Its agent was faster, or it is gone: the watch tells.
  const bool is_over = !written && (written.error().code() == Code::kFailedPrecondition ||
                                    written.error().code() == Code::kNotFound);
  if (is_over) co_return Result<>();
  if (!written) co_return written.error();
  record(bound);
  co_return Result<>();
}

void NodeLoss::record(const Bound& bound) {
  const auto& [namespace_, name, uid] = bound.ref;
  spdlog::warn("{}/{} is taken from node {}, which does not answer", namespace_, name, bound.node);
  context_.events.record(
      {api::kSandboxApiVersion, api::kSandboxKind, namespace_, name, uid},
      {true, "NodeLost", "Unbinding", "Node " + bound.node + " does not answer"});
}

Task<Result<bool>> NodeLoss::is_silent_still(std::string node, std::string renew_time) {
  const kube::ObjectRef ref{kube::kLeases, kube::kNodeLeaseNamespace, node, ""};
  const auto lease = co_await context_.client.get(ref);
  if (!lease && lease.error().code() == Code::kNotFound) co_return true;
  if (!lease) co_return lease.error();
  co_return kube::text_at(*lease, "/spec/renewTime") == renew_time;
}

Task<Result<bool>> NodeLoss::is_gone_for_good(std::string node) {
  const kube::ObjectRef ref{kube::kSandboxNodes, "", node, ""};
  const auto object = co_await context_.client.get(ref);
  if (object) co_return false;
  if (object.error().code() == Code::kNotFound) co_return true;
  co_return object.error();
}

}  // namespace sandboxlet::scheduler
