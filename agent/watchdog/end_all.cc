#include "agent/watchdog/end_all.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "agent/suspend/signal_members.h"
#include "agent/suspend/wait.h"

namespace sandboxlet::agent {

namespace {

bool is_frozen(Cgroups& cgroups, const std::string& name) {
  const auto state = cgroups.state(name);
  return state && *state == FreezerState::kFrozen;
}

// What cannot be looked at counts as running, and what is gone does not.
bool runs(Cgroups& cgroups, const std::string& name) {
  const auto processes = cgroups.processes(name);
  if (!processes) return processes.error().code() != Code::kNotFound;
  return !processes->empty();
}

// 0 of one that is gone.
pid_t parent_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text{std::istreambuf_iterator<char>(stat), {}};
  // Its name may have spaces and brackets.
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  std::string state;
  pid_t parent = 0;
  fields >> state >> parent;
  return parent;
}

// As a runtime does it: what others started is theirs to end. Its own shims are outside.
Result<> ask_to_end(Cgroups& cgroups, const std::string& name) {
  TRY(auto first_ones, cgroups.processes(name));
  const std::set<pid_t> all(first_ones.begin(), first_ones.end());
  std::erase_if(first_ones, [&](pid_t pid) { return all.contains(parent_of(pid)); });
  return signal_members(first_ones, SIGTERM,
                        [&](pid_t pid) { return cgroups.contains(name, pid); });
}

}  // namespace

Result<> end_all(Cgroups& cgroups, Duration grace) {
  TRY(const auto names, cgroups.list());
  std::vector<std::string> running;
  std::vector<std::string> frozen;
  for (const auto& name : names) {
    if (runs(cgroups, name)) (is_frozen(cgroups, name) ? frozen : running).push_back(name);
  }
  Result<> result;
  const auto note = [&](Result<> one) {
    if (result) result = std::move(one);
  };
  for (const auto& name : running) note(ask_to_end(cgroups, name));
  for (const auto& name : frozen) note(cgroups.kill(name));
  const auto is_over = [&](const std::string& name) { return !runs(cgroups, name); };
  wait_until(grace, [&] { return std::all_of(running.begin(), running.end(), is_over); });
  const auto ended = std::remove_if(running.begin(), running.end(), is_over);
  for (auto name = running.begin(); name != ended; ++name) note(cgroups.kill(*name));
  spdlog::info("ended {} Sandboxes that ran, {} of them by SIGKILL, and {} that were frozen",
               running.size(), ended - running.begin(), frozen.size());
  return result;
}

}  // namespace sandboxlet::agent
