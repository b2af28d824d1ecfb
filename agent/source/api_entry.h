#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "agent/source/api_object.h"
#include "api/sandbox.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// What this agent knows of one object of the API server, and what it still has to write there.
// clang-tidy 14 takes the assertions in Json's noexcept move for throws.
struct ApiEntry {  // NOLINT(bugprone-exception-escape)
  api::ObjectMeta meta;
  // ---- As the server last showed it; before that, nothing is written.
  bool is_seen = false;
  api::SandboxSpec spec;
  nlohmann::json status = nlohmann::json::object();
  bool has_finalizer = false;
  bool is_deleting() const { return !meta.deletionTimestamp.empty(); }
  // ---- What it is to be told.
  std::optional<api::SandboxStatus> wanted_status;
  // Until then it may wait for the next one.
  TimePoint status_waits_until{};
  // Its node has been cut off, and makes sure now that it is still bound here: when that began.
  std::string confirms_at;
  // The eviction that this node will know of after a restart, be the API server away: only then may
  // it be told that it is done.
  api::Time kept_eviction;
  // A merge patch of spec: what was asked for on the local socket. Null: nothing.
  nlohmann::json pending_spec;
  // This node runs it, or has begun to.
  bool is_held = false;
  // Nothing of it is left on this node.
  bool is_finished = false;
  // Its binding was taken from this node: it is put down here, and its volumes are kept.
  bool is_leaving = false;
  // That is done. The volumes go with the object, which no watch of this node shows any more.
  bool has_left = false;
  // Seen by the sync that is under way.
  bool is_listed = false;
};

enum class ApiWriteKind { kHold, kSpec, kStatus, kRelease };

// One request that the object needs next.
struct ApiWrite {  // NOLINT(bugprone-exception-escape)
  ApiWriteKind kind = ApiWriteKind::kStatus;
  // kHold, kRelease: what is applied server-side; else a merge patch.
  nlohmann::json body;
};

// What entry.pending_spec becomes where that suspension is asked for; null where the server has it.
nlohmann::json pending_suspension(const ApiEntry& entry, const api::SandboxSpec& asked);

// Whether it tells of the way alone: neither Ready, Suspended nor Finished, before it nor after,
// and what status.suspend says stays. What users wait for comes next.
bool is_on_the_way(const nlohmann::json& seen, const api::SandboxStatus& wanted);

// The first thing to write now; nothing where all is said or waits. Pure. A status is written only
// over the version that was seen, so that it never covers a binding to another node; the others
// name the uid alone, and none of them can touch a new object of the same name.
std::optional<ApiWrite> next_write(const ApiEntry& entry, TimePoint now);

}  // namespace sandboxlet::agent
