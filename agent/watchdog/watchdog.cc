#include "agent/watchdog/watchdog.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "agent/watchdog/last_renewal.h"

namespace sandboxlet::agent {

Result<> Watchdog::look() {
  TRY(const auto due, overdue_now());
  Result<> result;
  for (const auto& uid : due) {
    auto ended = end(uid);
    if (result) result = std::move(ended);
  }
  return result;
}

Result<std::vector<std::string>> Watchdog::overdue_now() {
  const auto since_renewal = age_of_renewal(data_root_);
  const auto record = load_fences(data_root_);
  // No agent has joined a cluster here yet.
  if (!since_renewal || (!record && record.error().code() == Code::kNotFound)) {
    return std::vector<std::string>();
  }
  if (!record) return record.error();
  TRY(const auto names, cgroups_.list());
  return overdue(*record, *since_renewal, names);
}

Result<bool> Watchdog::runs(const std::string& uid) {
  TRY(const auto state, cgroups_.state(uid));
  if (state == FreezerState::kFrozen) return false;
  TRY(const auto processes, cgroups_.processes(uid));
  return !processes.empty();
}

Result<> Watchdog::end(const std::string& uid) {
  const auto running = runs(uid);
  if (!running && running.error().code() == Code::kNotFound) return {};
  CHECK_OK(running);
  if (!*running) return {};
  // An agent that has just thawed it had written a renewal down before: asked in this order, that
  // is never missed.
  TRY(const auto due, overdue_now());
  if (std::ranges::find(due, uid) == due.end()) return {};
  spdlog::warn("killing Sandbox {}: it may be bound to another node, and no agent has ended it",
               uid);
  return cgroups_.kill(uid);
}

}  // namespace sandboxlet::agent
