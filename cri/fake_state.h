#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::cri {

namespace v1 = ::runtime::v1;

struct FakePod {
  v1::PodSandboxConfig config;
  v1::PodSandboxStatus status;
  pid_t pid = 0;
};

struct FakeContainer {
  std::string pod_id;
  v1::ContainerConfig config;
  v1::ContainerStatus status;
  v1::ContainerStats stats;
  // Of its init process while it runs, else 0.
  pid_t pid = 0;
  int log_reopens = 0;
};

// What a FakeRuntime has: pods, containers and images with the states, name reservations and
// errors of containerd 1.6. Every verb happens at once. Ids and process ids count up from the same
// start each time; process ids lie above the kernel's limit, so that none is ever a real one.
class FakeState {
 public:
  explicit FakeState(const Clock& clock) : clock_(clock) {}

  // Told of each container's end, with the process id that it had.
  std::function<void(pid_t)> on_exit;

  Result<std::string> run_pod_sandbox(const v1::PodSandboxConfig& config,
                                      const std::string& handler);
  Result<> stop_pod_sandbox(const std::string& id);
  Result<> remove_pod_sandbox(const std::string& id);
  Result<v1::PodSandboxStatusResponse> pod_sandbox_status(const std::string& id,
                                                          bool verbose) const;
  std::vector<v1::PodSandbox> list_pod_sandbox(const v1::PodSandboxFilter& filter) const;

  Result<std::string> create_container(const std::string& pod_id,
                                       const v1::ContainerConfig& config);
  Result<> start_container(const std::string& id);
  // A container that ignores TERM dies of KILL (137), any other of TERM (143).
  Result<> stop_container(const std::string& id, bool ignores_term);
  Result<> remove_container(const std::string& id);
  Result<v1::ContainerStatusResponse> container_status(const std::string& id, bool verbose) const;
  std::vector<v1::Container> list_containers(const v1::ContainerFilter& filter) const;
  Result<> update_resources(const std::string& id, const v1::LinuxContainerResources& resources);
  Result<> reopen_log(const std::string& id);
  // An error unless a command could be started in it.
  Result<> check_running(const std::string& id) const;

  Result<v1::ContainerStats> container_stats(const std::string& id) const;
  std::vector<v1::ContainerStats> list_container_stats(
      const v1::ContainerStatsFilter& filter) const;
  Result<v1::PodSandboxStats> pod_sandbox_stats(const std::string& id) const;
  std::vector<v1::PodSandboxStats> list_pod_sandbox_stats(
      const v1::PodSandboxStatsFilter& filter) const;

  // Makes an image present under a tag and answers its id, which follows from the tag.
  std::string add_image(const std::string& tag);
  std::vector<v1::Image> list_images(const v1::ImageFilter& filter) const;
  std::optional<v1::Image> find_image(const std::string& tag_or_id) const;
  void remove_image(const std::string& tag_or_id);

  // A container's main process ends by itself. Nothing happens unless it runs.
  void exit(const std::string& id, int code, const std::string& reason = "Error");
  // SIGKILL to every process of a cgroup_parent, the pods' own too.
  void kill(const std::string& cgroup_parent);

  const std::map<std::string, FakePod>& pods() const { return pods_; }
  const std::map<std::string, FakeContainer>& containers() const { return containers_; }
  FakePod* pod(const std::string& id);
  FakeContainer* container(const std::string& id);
  // Where the pod, or the container's pod, lives; empty where there is none.
  std::string cgroup_of_pod(const std::string& id) const;
  std::string cgroup_of_container(const std::string& id) const;

 private:
  int64_t now() const;
  Result<FakeContainer*> must_find(const std::string& id);
  Result<const FakeContainer*> must_find(const std::string& id) const;

  const Clock& clock_;
  int sequence_ = 0;
  pid_t last_pid_ = 5'000'000;
  std::map<std::string, FakePod> pods_;
  std::map<std::string, FakeContainer> containers_;
  std::map<std::string, v1::Image> images_;      // by tag
  std::map<std::string, std::string> reserved_;  // "name_namespace_uid_attempt" -> id
};

}  // namespace sandboxlet::cri
