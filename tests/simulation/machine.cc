#include "tests/simulation/machine.h"

#include <stdlib.h>

#include <array>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace sandboxlet::simulation {

namespace {

std::string make_folder() {
  std::string path = std::filesystem::temp_directory_path() / "sandboxlet-simulation-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp " + path);
  std::filesystem::create_directory(path + "/data");
  return path;
}

}  // namespace

Machine::Machine() : runtime_(clock_), cgroups_("/pool"), folder_(make_folder()) {
  runtime_.state().on_exit = [this](pid_t pid) { exited(pid); };
  cgroups_.on_freeze = [this](const std::string& parent) {
    if (runtime_.awaits_process(parent)) {
      violated(parent + " was frozen while a call to the runtime was under way in it");
    }
    runtime_.freeze(parent);
  };
  cgroups_.on_thaw = [this](const std::string& parent) {
    runtime_.thaw(parent);
    traffic_.take(parent.substr(parent.rfind('/') + 1));
  };
  cgroups_.on_kill = [this](const std::string& parent) { runtime_.state().kill(parent); };
}

Machine::~Machine() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool Machine::is_alive(pid_t pid) const {
  const auto& containers = runtime_.state().containers();
  return std::any_of(containers.begin(), containers.end(),
                     [pid](const auto& entry) { return entry.second.pid == pid; });
}

bool Machine::runs_anything(const std::string& cgroup_parent) {
  const auto& state = runtime_.state();
  for (const auto& [id, container] : state.containers()) {
    if (container.pid != 0 && state.cgroup_of_container(id) == cgroup_parent) return true;
  }
  for (const auto& [id, pod] : state.pods()) {
    if (pod.pid != 0 && state.cgroup_of_pod(id) == cgroup_parent) return true;
  }
  return false;
}

Result<std::shared_ptr<void>> Machine::watch_exit(asio::io_context& io, pid_t pid,
                                                  std::function<void()> on_exit) {
  if (!is_alive(pid)) return Error(Code::kNotFound, "no process " + std::to_string(pid));
  const auto watch = std::make_shared<Watch>(Watch{&io, pid, std::move(on_exit)});
  watches_->push_back(watch);
  return std::shared_ptr<void>(nullptr, [watches = watches_, watch](void*) {
    watch->on_exit = nullptr;
    watches->remove(watch);
  });
}

void Machine::exited(pid_t pid) {
  if (loses_event && loses_event()) return;
  for (const auto& watch : *watches_) {
    if (watch->pid != pid) continue;
    asio::post(*watch->io, [watch] {
      if (watch->on_exit) std::exchange(watch->on_exit, nullptr)();
    });
  }
}

// ---- Time

void Machine::pass_until(ManualLoop* agent, TimePoint when) {
  if (agent != nullptr) agent->clock().advance(when - agent->clock().now());
  clock_.advance(when - clock_.now());
}

TimePoint Machine::next(ManualLoop* agent) const {
  return agent == nullptr ? clock_.next() : std::min(clock_.next(), agent->clock().next());
}

bool Machine::step(ManualLoop* agent) {
  if (agent != nullptr && agent->step()) return true;
  const TimePoint when = next(agent);
  if (when != TimePoint::max()) pass_until(agent, when);
  return false;
}

void Machine::run_for(ManualLoop* agent, Duration time) {
  const TimePoint end = clock_.now() + time;
  for (;;) {
    if (agent != nullptr) agent->settle();
    const TimePoint when = next(agent);
    pass_until(agent, std::min(when, end));
    if (when > end) return;
  }
}

// ---- What goes wrong

void Machine::begin_faults(const Random& random) {
  auto once_in = [random](uint64_t times) { return random() % times == 0; };
  auto fault = [random, once_in](const cri::FakeCall&) {
    cri::FakeFault fault;
    fault.delay = std::chrono::milliseconds(random() % (once_in(20) ? 20'000 : 200));
    if (!once_in(10)) return fault;
    constexpr std::array kCodes{Code::kUnavailable, Code::kDeadlineExceeded, Code::kInternal};
    fault.error = Error(kCodes[random() % kCodes.size()], "as the seed has it");
    fault.done = once_in(2);
    return fault;
  };
  runtime_.set_fault_source(fault);
  cgroups_.fault = [once_in](std::string_view, const std::string& name) -> Result<> {
    if (once_in(20)) return Error(Code::kUnavailable, "cgroup " + name + ": as the seed has it");
    return {};
  };
  loses_event = [once_in] { return once_in(4); };
}

void Machine::end_faults() {
  runtime_.heal();
  runtime_.come_back();
  cgroups_.fault = nullptr;
  loses_event = nullptr;
}

void Machine::end_some_container(const Random& random, int code) {
  std::vector<std::string> running;
  for (const auto& [id, container] : runtime_.state().containers()) {
    if (container.pid != 0) running.push_back(id);
  }
  if (!running.empty()) runtime_.state().exit(running[random() % running.size()], code);
}

}  // namespace sandboxlet::simulation
