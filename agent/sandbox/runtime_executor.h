#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>

#include "agent/sandbox/executor.h"
#include "agent/sandbox/pod_admission.h"
#include "agent/sandbox/pull_credentials.h"
#include "agent/sandbox/traffic_watch.h"
#include "agent/sandbox/volume_claims.h"
#include "agent/suspend/cgroups.h"
#include "agent/volume/volumes.h"
#include "cri/runtime.h"

namespace sandboxlet::agent {

namespace v1 = ::runtime::v1;

// What a RuntimeExecutor works with; all of it outlives it.
struct ExecutorContext {
  cri::Runtime& runtime;
  Cgroups& cgroups;
  Volumes& volumes;
  Clock& clock;
  // For what blocks for well under a millisecond: cgroups, looks at files.
  asio::any_io_executor pool;
  // For what may take as long as there are files: volumes and logs.
  asio::any_io_executor disk_pool;
  // For what takes as long as there is memory: hibernation.
  asio::any_io_executor memory_pool;
  TrafficWatch& traffic;
  // Absolute; <namespace>_<name>_<uid>/<container>/<attempt>.log is below it.
  std::string log_root;
  // The value of kManagedByLabel.
  std::string managed_by;
  // Bytes; what OOM scores are measured against.
  int64_t node_memory = 0;
  // False where there is no such process.
  std::function<bool(pid_t)> is_alive;
  // Null without a cluster, as what follows.
  PodAdmission* admission = nullptr;
  PullCredentials* credentials = nullptr;
  VolumeClaims* claims = nullptr;
};

// Does actions on the real thing: runtime, cgroups, mounts and files.
class RuntimeExecutor final : public Executor {
 public:
  explicit RuntimeExecutor(ExecutorContext context) : context_(std::move(context)) {}
  Task<Result<Outcome>> execute(Job job) override;

 private:
  using Answer = Task<Result<Outcome>>;
  Answer perform(Job job, Observe);
  Answer perform(Job job, CreateCgroup);
  Answer perform(Job job, StageVolume stage);
  Answer perform(Job job, EnsureImage ensure);
  Answer perform(Job job, RunPodSandbox run);
  Answer perform(Job job, StopPodSandbox stop);
  Answer perform(Job job, RemovePodSandbox remove);
  Answer perform(Job job, RunContainer run);
  Answer perform(Job job, StopContainer stop);
  Answer perform(Job job, HastenStop hasten);
  Answer perform(Job job, RemoveContainer remove);
  Answer perform(Job job, Freeze freeze);
  Answer perform(Job job, WatchTraffic);
  Answer perform(Job job, Hibernate);
  Answer perform(Job job, Thaw);
  Answer perform(Job job, KillAll);
  Answer perform(Job job, UnstageVolumes);
  Answer perform(Job job, RemoveVolumes);
  Answer perform(Job job, RemoveCgroup);
  Answer perform(Job job, RemoveLogs);
  Answer perform(Job job, Forget);

  // Answers whether something waits to be read, where that is looked for.
  Task<Result<bool>> follow_traffic(const Job& job, bool look);
  // Whether what makes a new pod, or makes something for one, may go on.
  Task<Result<>> admit(const Job& job);
  Task<Result<VolumeRequest>> request_for(std::shared_ptr<const api::Sandbox> sandbox,
                                          std::string volume);
  // Answers the image's reference.
  Task<Result<std::string>> pull(std::shared_ptr<const api::Sandbox> sandbox, v1::ImageSpec image);
  // Also before each call that makes something below it: its limits may have changed, or not been
  // set before the agent's death.
  Task<Result<>> create_cgroup(const api::Sandbox& sandbox);
  Task<Result<>> observe_pods(const api::Sandbox& sandbox, Observed& observed);
  Task<Result<>> observe_containers(const api::Sandbox& sandbox, Observed& observed);
  Task<Result<ObservedContainer>> read_container(std::string pod_id, std::string id);
  Task<Result<>> observe_disk(const api::Sandbox& sandbox, Observed& observed);
  v1::PodSandboxConfig pod_config(const api::Sandbox& sandbox, uint32_t attempt) const;
  std::string log_directory(const api::Sandbox& sandbox) const;

  const ExecutorContext context_;
};

}  // namespace sandboxlet::agent
