#include "agent/source/api_entry.h"

#include <algorithm>
#include <array>

#include "api/conditions.h"
#include "api/json.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

Json applied(const ApiEntry& entry) {
  return {{"apiVersion", api::kSandboxApiVersion},
          {"kind", api::kSandboxKind},
          {"metadata", {{"name", entry.meta.name}, {"uid", entry.meta.uid}}}};
}

// Without what would not be so after a restart.
api::SandboxStatus sure_status(const ApiEntry& entry) {
  api::SandboxStatus status = *entry.wanted_status;
  if (status.evicted != entry.kept_eviction) status.evicted.clear();
  return status;
}

}  // namespace

Json pending_suspension(const ApiEntry& entry, const api::SandboxSpec& asked) {
  // What was asked for before may be on its way: all of it is said, also what the server has now.
  const api::SandboxSpec nothing;
  return suspension_patch(entry.pending_spec.is_null() ? entry.spec : nothing, asked);
}

bool is_on_the_way(const Json& seen, const api::SandboxStatus& wanted) {
  const auto before = api::read_parsed({{"status", seen}}).sandbox.status;
  if (before.suspend != wanted.suspend || before.evicted != wanted.evicted) return false;
  constexpr std::array kAwaited{"Ready", "Suspended", "Finished"};
  return std::none_of(kAwaited.begin(), kAwaited.end(), [&](const char* type) {
    return api::is_true(before.conditions, type) || api::is_true(wanted.conditions, type);
  });
}

std::optional<ApiWrite> next_write(const ApiEntry& entry, TimePoint now) {
  if (!entry.is_seen || entry.is_leaving) return std::nullopt;
  if (entry.is_finished) {
    if (!entry.has_finalizer) return std::nullopt;
    return ApiWrite{ApiWriteKind::kRelease, applied(entry)};
  }
  if (entry.is_held && !entry.has_finalizer && !entry.is_deleting()) {
    Json body = applied(entry);
    body["metadata"]["finalizers"] = {api::kNodeFinalizer};
    return ApiWrite{ApiWriteKind::kHold, std::move(body)};
  }
  if (!entry.pending_spec.is_null() && !entry.is_deleting()) {
    Json body{{"metadata", {{"uid", entry.meta.uid}}}, {"spec", entry.pending_spec}};
    return ApiWrite{ApiWriteKind::kSpec, std::move(body)};
  }
  const bool confirms = !entry.confirms_at.empty();
  const bool waits = !entry.wanted_status || now < entry.status_waits_until;
  if (waits && !confirms) return std::nullopt;
  Json patch = waits ? Json() : status_patch(entry.status, sure_status(entry));
  if (confirms) patch["nodeConfirmed"] = entry.confirms_at;
  if (patch.is_null()) return std::nullopt;
  Json body{
      {"metadata", {{"uid", entry.meta.uid}, {"resourceVersion", entry.meta.resourceVersion}}},
      {"status", std::move(patch)}};
  return ApiWrite{ApiWriteKind::kStatus, std::move(body)};
}

}  // namespace sandboxlet::agent
