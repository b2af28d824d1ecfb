#include "tests/simulation/check.h"

#include <filesystem>

#include "api/conditions.h"

namespace sandboxlet::simulation {

namespace {

// What the machine has of one Sandbox.
struct Held {
  int pods = 0;
  int ready_pods = 0;
  std::map<std::string, int> running;  // by container
  std::map<std::string, int> ended;
  bool running_outside_the_pod = false;
};

Held held(const Machine& machine, const std::string& uid) {
  Held found;
  const auto& state = machine.runtime().state();
  for (const auto& [id, pod] : state.pods()) {
    if (pod.status.metadata().uid() != uid) continue;
    ++found.pods;
    if (pod.status.state() == cri::v1::SANDBOX_READY) ++found.ready_pods;
  }
  for (const auto& [id, container] : state.containers()) {
    const auto& pod = state.pods().at(container.pod_id);
    if (pod.status.metadata().uid() != uid) continue;
    const bool runs = container.pid != 0;
    ++(runs ? found.running : found.ended)[container.status.metadata().name()];
    if (runs && pod.status.state() != cri::v1::SANDBOX_READY) found.running_outside_the_pod = true;
  }
  return found;
}

class Check {
 public:
  Check(const Machine& machine, const api::Sandbox& sandbox, api::Depth deepens_to,
        std::vector<std::string>& problems)
      : machine_(machine),
        sandbox_(sandbox),
        deepens_to_(deepens_to),
        uid_(sandbox.metadata.uid),
        held_(held(machine, uid_)),
        problems_(problems) {}

  void run() {
    if (!sandbox_.metadata.deletionTimestamp.empty()) return expect(false, "is not deleted");
    expect(!held_.running_outside_the_pod, "runs a container in a pod that is not ready");
    if (!sandbox_.status.nodeName.empty()) expect_condition("Scheduled", "True");
    expect_over("Stopping");
    expect_over("Resuming");
    const api::Depth due = depth_due();
    expect(told_depth() >= due, "is not as deep as " + to_string(due));
    switch (due) {
      case api::Depth::kRunning:
        return running();
      case api::Depth::kFreeze:
      case api::Depth::kHibernate:
        return frozen();
      case api::Depth::kStop:
        return stopped();
      case api::Depth::kTerminate:
        return terminated();
    }
  }

 private:
  api::Depth told_depth() const {
    const auto& suspend = sandbox_.status.suspend;
    return suspend ? api::parse_depth(suspend->depth) : api::Depth::kRunning;
  }

  // One that was deeper already stays so.
  api::Depth depth_due() {
    const auto& spec = sandbox_.spec;
    const bool sleeps = !wants_suspension(spec) && told_depth() != api::Depth::kRunning;
    const bool may_sleep = spec.suspend && !spec.suspend->idleTimeout.empty();
    expect(!sleeps || may_sleep, "sleeps, and may not");
    if (!wants_suspension(spec) && !sleeps) return api::Depth::kRunning;
    const api::Depth wanted = api::parse_depth(spec.suspend->depth);
    return std::max(wanted, std::min(api::parse_depth(spec.suspend->deepest), deepens_to_));
  }

  void running() {
    expect(!machine_.cgroups().frozen(uid_), "is frozen, wanted running");
    expect(held_.pods == 1 && held_.ready_pods == 1, "has not one pod that is ready");
    for (const auto& container : sandbox_.spec.podTemplate.spec.containers) {
      expect(held_.running[container.name] == 1, container.name + " does not run once");
      expect(held_.ended[container.name] <= 1, container.name + " leaves its dead behind");
    }
    expect_condition("Ready", "True");
    expect_condition("Suspended", "False");
  }

  void frozen() {
    // What ended while it was frozen leaves a frozen pod behind.
    expect(held_.running.empty() || machine_.cgroups().frozen(uid_), "is not frozen");
    const bool wakes = !wants_suspension(sandbox_.spec) && !held_.running.empty();
    expect(!wakes || !machine_.traffic().is_waiting(uid_), "sleeps while somebody waits for it");
    expect_condition("Suspended", "True");
    expect_condition("Ready", "False");
  }

  void stopped() {
    expect(!machine_.cgroups().frozen(uid_), "is frozen, wanted stopped");
    expect(held_.running.empty() && held_.ended.empty(), "has containers, wanted stopped");
    expect_condition("Suspended", "True");
    expect_condition("Ready", "False");
  }

  void terminated() {
    stopped();
    expect(held_.pods == 0, "has a pod, wanted terminated");
    expect(!machine_.cgroups().limits().contains(uid_), "has a cgroup, wanted terminated");
    const std::string volumes = machine_.data_root() + "/sandboxes/" + uid_ + "/volumes";
    expect(!std::filesystem::exists(volumes), "has its emptyDirs, wanted terminated");
  }

  void expect(bool holds, const std::string& otherwise) {
    if (!holds) problems_.push_back(uid_ + " " + otherwise);
  }

  void expect_condition(const char* type, const char* status) {
    const auto* const found = api::find_condition(sandbox_.status.conditions, type);
    expect(found != nullptr && found->status == status &&
               found->observedGeneration == sandbox_.metadata.generation,
           std::string("has not ") + type + " " + status + " of its newest generation" +
               (found == nullptr ? "" : ", but " + found->status + ": " + found->message));
  }

  // True no more, if it ever was.
  void expect_over(const char* type) {
    const auto* const found = api::find_condition(sandbox_.status.conditions, type);
    if (found != nullptr) expect_condition(type, "False");
  }

  const Machine& machine_;
  const api::Sandbox& sandbox_;
  const api::Depth deepens_to_;
  const std::string& uid_;
  Held held_;
  std::vector<std::string>& problems_;
};

void check_folder(const std::string& folder, const std::set<std::string>& known,
                  std::vector<std::string>& problems) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename();
    const bool is_known = std::any_of(known.begin(), known.end(),
                                      [&](const auto& uid) { return name.ends_with(uid); });
    if (!is_known) problems.push_back("left behind: " + entry.path().string());
  }
}

}  // namespace

void check_sandbox(const Machine& machine, const api::Sandbox& sandbox, api::Depth deepens_to,
                   std::vector<std::string>& problems) {
  Check(machine, sandbox, deepens_to, problems).run();
}

void check_leaks(const Machine& machine, const std::set<std::string>& held,
                 const std::set<std::string>& kept, std::vector<std::string>& problems) {
  for (const auto& [id, pod] : machine.runtime().state().pods()) {
    const std::string& uid = pod.status.metadata().uid();
    if (!held.contains(uid)) problems.push_back("left behind: pod " + id + " of " + uid);
  }
  for (const auto& [name, limits] : machine.cgroups().limits()) {
    if (!held.contains(name)) problems.push_back("left behind: cgroup " + name);
  }
  check_folder(machine.data_root() + "/sandboxes", kept, problems);
  check_folder(machine.log_root(), kept, problems);
}

}  // namespace sandboxlet::simulation
