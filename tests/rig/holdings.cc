#include "tests/rig/holdings.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/suspend/cgroups.h"
#include "base/command.h"
#include "tests/rig/pods.h"

namespace sandboxlet::test {

namespace fs = std::filesystem;

namespace {

using Names = std::multiset<std::string>;

Names names_in(const fs::path& directory) {
  Names names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    names.insert(entry->path().filename());
  }
  return names;
}

std::string contents(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string pod_uid(const cri::v1::Container& container) {
  const auto label = container.labels().find("io.kubernetes.pod.uid");
  return label == container.labels().end() ? container.id() : label->second;
}

void add_what_cri_knows(Holdings& held, cri::Client& client, CoreLoop& loop) {
  const auto pods = loop.run(client.list_pod_sandbox({})).value();
  for (const auto& pod : pods) {
    held["pods"].insert(pod.metadata().uid());
    if (pod.state() == cri::v1::SANDBOX_READY) held["ready pods"].insert(pod.metadata().uid());
  }
  const auto containers = loop.run(client.list_containers({})).value();
  for (const auto& container : containers) {
    const bool runs = container.state() == cri::v1::CONTAINER_RUNNING;
    held[runs ? "running containers" : "other containers"].insert(pod_uid(container));
  }
}

// Lines of ctr's answer, by their first word.
Names listed_by_containerd(const PrivateRuntime& runtime, std::vector<std::string> command) {
  command.insert(command.begin(), {"ctr", "--address", runtime.socket(), "--namespace", "k8s.io"});
  std::istringstream lines(run_command(command).value());
  Names names;
  for (std::string line; std::getline(lines, line);) names.insert(line.substr(0, line.find(' ')));
  return names;
}

// What containerd itself keeps of containers: pause ones and others.
void add_what_containerd_knows(Holdings& held, const PrivateRuntime& runtime) {
  held["records"] = listed_by_containerd(runtime, {"containers", "list", "-q"});
  held["tasks"] = listed_by_containerd(runtime, {"tasks", "list", "-q"});
  for (const auto& key : listed_by_containerd(runtime, {"snapshots", "list"})) {
    // The others are the images' layers, and the heading.
    if (key != "KEY" && !key.starts_with("sha256:")) held["snapshots"].insert(key);
  }
}

void add_cgroups(Holdings& held, const PrivateRuntime& runtime) {
  // One a Sandbox, however many hierarchies have it.
  const auto cgroups = agent::open_cgroups(runtime.cgroup_root(), {});
  if (!cgroups) return;
  const auto names = (*cgroups)->list();
  if (names) held["cgroups"].insert(names->begin(), names->end());
}

void add_mounts(Holdings& held, const PrivateRuntime& runtime) {
  std::istringstream lines(contents("/proc/self/mountinfo"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string skipped;
    std::string path;
    words >> skipped >> skipped >> skipped >> skipped >> path;
    if (!path.starts_with(runtime.dir() + "/")) continue;
    path.erase(0, runtime.dir().size() + 1);
    if (path.starts_with("data/sandboxes/")) held["volume mounts"].insert(path);
    if (path.starts_with("data/local-volumes/")) held["volume mounts"].insert(path);
    if (path.starts_with("state/")) held["runtime mounts"].insert(path);
  }
}

// Where libcni keeps what a network answered, of each container that is in it:
// <network>-<id>-<interface>.
constexpr char kCniResults[] = "/var/lib/cni/results";

// Those that somebody was told of. A caller that dies within RunPodSandbox has containerd kill the
// plugin, whose own host-local goes on and may take its address after the network was left again:
// nothing of CRI knows of that one either.
void add_addresses(Holdings& held, const fs::path& network) {
  for (const auto& name : names_in(network)) {
    if (std::isdigit(name.front()) == 0) continue;
    std::istringstream owner(contents(network / name));
    std::string id;
    std::string interface;
    owner >> id >> interface;
    const std::string result = network.filename().string() + "-" + id + "-" + interface;
    if (fs::exists(fs::path(kCniResults) / result)) held["addresses"].insert(name);
  }
}

void add_network(Holdings& held, const PrivateRuntime& runtime) {
  std::error_code error;
  for (const auto& network : fs::directory_iterator(runtime.dir() + "/cni/data", error)) {
    add_addresses(held, network.path());
  }
  const auto bridge = contents(runtime.dir() + "/cni/conf/10-bridge.conflist");
  const auto begin = bridge.find("sbx-");
  held["ports"] =
      names_in("/sys/class/net/" + bridge.substr(begin, bridge.find('"', begin) - begin) + "/brif");
  held["network namespaces"] = names_in(runtime.dir() + "/state/io.containerd.grpc.v1.cri/netns");
}

// Those that have anything below them. One without is what containerd 1.6 leaves where its own
// caller dies while it is started: nothing of CRI knows of it.
void add_shims(Holdings& held, const PrivateRuntime& runtime) {
  for (const auto& process : fs::directory_iterator("/proc")) {
    const std::string arguments = contents(process.path() / "cmdline");
    if (arguments.find("containerd-shim") == std::string::npos ||
        arguments.find(runtime.socket()) == std::string::npos) {
      continue;
    }
    std::error_code error;
    for (fs::directory_iterator thread(process.path() / "task", error), end;
         !error && thread != end; thread.increment(error)) {
      if (contents(thread->path() / "children").empty()) continue;
      held["shims"].insert(process.path().filename());
      break;
    }
  }
}

// Names are <namespace>_<name>_<uid>.
void add_logs(Holdings& held, const PrivateRuntime& runtime) {
  for (const auto& name : names_in(runtime.dir() + "/logs")) {
    held["logs"].insert(name.substr(name.rfind('_') + 1));
  }
}

}  // namespace

Holdings holdings_of(const PrivateRuntime& runtime, cri::Client& client, CoreLoop& loop) {
  Holdings held;
  add_what_cri_knows(held, client, loop);
  add_what_containerd_knows(held, runtime);
  add_cgroups(held, runtime);
  add_mounts(held, runtime);
  add_network(held, runtime);
  add_shims(held, runtime);
  add_logs(held, runtime);
  held["volumes"] = names_in(runtime.dir() + "/data/sandboxes");
  held["local volumes"] = names_in(runtime.dir() + "/data/local-volumes");
  for (const auto& file : names_in(runtime.dir() + "/data")) {
    const bool known = file == "lock" || file == "sandboxes" || file == "local-volumes" ||
                       file == "lease-renewed" || file == "fences" ||
                       file.starts_with("sandboxes.db");
    if (!known) held["other files"].insert(file);
  }
  std::erase_if(held, [](const auto& kind) { return kind.second.empty(); });
  return held;
}

std::string to_string(const Holdings& holdings) {
  std::string text;
  for (const auto& [kind, names] : holdings) {
    text += kind + ":\n";
    for (const auto& name : names) text += "  " + name + "\n";
  }
  return text;
}

}  // namespace sandboxlet::test
