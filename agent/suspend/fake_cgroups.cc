#include "agent/suspend/fake_cgroups.h"

#include <utility>

namespace sandboxlet::agent {

Result<> FakeCgroups::check(std::string_view operation, const std::string& name,
                            bool must_exist) const {
  if (fault) CHECK_OK(fault(operation, name));
  if (must_exist && !limits_.contains(name)) return Error(Code::kNotFound, "no cgroup " + name);
  return {};
}

Result<> FakeCgroups::create(const std::string& name, const CgroupLimits& limits) {
  CHECK_OK(check("create", name, false));
  limits_[name] = limits;
  return {};
}

Result<> FakeCgroups::freeze(const std::string& name) {
  CHECK_OK(check("freeze", name));
  if (frozen_.insert(name).second && on_freeze) on_freeze(parent_of(name));
  return {};
}

Result<> FakeCgroups::thaw(const std::string& name) {
  CHECK_OK(check("thaw", name));
  if (frozen_.erase(name) > 0 && on_thaw) on_thaw(parent_of(name));
  return {};
}

Result<FreezerState> FakeCgroups::state(const std::string& name) {
  CHECK_OK(check("state", name));
  return frozen(name) ? FreezerState::kFrozen : FreezerState::kThawed;
}

Result<> FakeCgroups::kill(const std::string& name) {
  CHECK_OK(check("kill", name));
  if (on_kill) on_kill(parent_of(name));
  std::erase_if(members, [&](const auto& member) { return member.second == name; });
  if (frozen_.erase(name) > 0 && on_thaw) on_thaw(parent_of(name));
  return {};
}

Result<uint64_t> FakeCgroups::reclaim(const std::string& name, ReclaimStop& stop) {
  CHECK_OK(check("reclaim", name));
  if (stop.stopped()) return Error(Code::kCancelled, "the reclaim was stopped");
  if (!frozen(name)) return Error(Code::kFailedPrecondition, name + " is not frozen");
  const uint64_t taken = std::exchange(in_memory[name], 0);
  in_swap[name] += taken;
  return taken;
}

Result<> FakeCgroups::remove(const std::string& name) {
  CHECK_OK(check("remove", name, false));
  limits_.erase(name);
  frozen_.erase(name);
  in_memory.erase(name);
  in_swap.erase(name);
  return {};
}

Result<std::vector<std::string>> FakeCgroups::list() {
  std::vector<std::string> names;
  for (const auto& [name, limits] : limits_) names.push_back(name);
  return names;
}

Result<std::vector<pid_t>> FakeCgroups::processes(const std::string& name) {
  CHECK_OK(check("processes", name));
  std::vector<pid_t> pids;
  for (const auto& [pid, cgroup] : members) {
    if (cgroup == name) pids.push_back(pid);
  }
  return pids;
}

Result<CpuCounter> FakeCgroups::count_cpu(const std::string&) {
  return CpuCounter([]() -> Result<uint64_t> { return 0; });
}

Result<CgroupUsage> FakeCgroups::usage(const std::string& name) {
  TRY(const auto pids, processes(name));
  const auto bytes_in = [&](const std::map<std::string, uint64_t>& place) {
    const auto found = place.find(name);
    return found == place.end() ? 0 : found->second;
  };
  CgroupUsage usage;
  usage.memory_working_set = usage.memory_total = bytes_in(in_memory);
  usage.memory_swapped = bytes_in(in_swap);
  usage.processes = pids.size();
  return usage;
}

Result<PoolMemory> FakeCgroups::pool_memory() {
  PoolMemory pool;
  for (const auto& [name, bytes] : in_memory) pool.used += bytes;
  pool.limit = pool_limit;
  return pool;
}

Result<bool> FakeCgroups::contains(const std::string& name, pid_t pid) {
  const auto found = members.find(pid);
  return found != members.end() && found->second == name;
}

}  // namespace sandboxlet::agent
