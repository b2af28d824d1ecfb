#include "agent/suspend/fake_cgroups.h"

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

Result<> FakeCgroups::remove(const std::string& name) {
  CHECK_OK(check("remove", name, false));
  limits_.erase(name);
  frozen_.erase(name);
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

Result<CgroupUsage> FakeCgroups::usage(const std::string& name) {
  TRY(const auto pids, processes(name));
  return CgroupUsage{.cpu_nanoseconds = 0, .memory_working_set = 0, .processes = pids.size()};
}

Result<bool> FakeCgroups::contains(const std::string& name, pid_t pid) {
  const auto found = members.find(pid);
  return found != members.end() && found->second == name;
}

}  // namespace sandboxlet::agent
