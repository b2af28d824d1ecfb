#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::cri {

namespace v1 = ::runtime::v1;

// How long each kind of call may take; past it a call fails with DeadlineExceeded.
struct Deadlines {
  // Calls that change something (kubelet: runtimeRequestTimeout). StopContainer and ExecSync have
  // it on top of their own grace or timeout.
  Duration change = std::chrono::minutes(2);
  // Version, status, lists, statistics.
  Duration query = std::chrono::seconds(10);
  // A pull that is cut off keeps what it has fetched, so that the next one goes on from there.
  Duration pull = std::chrono::minutes(10);
};

// The container runtime, one awaitable function for each CRI verb: the Client of a real one, or a
// FakeRuntime. Belongs to the core thread and outlives all calls under way.
//
// Everything is taken by value, so arguments live as long as the call. Each call ends by itself at
// its deadline; Asio's cancellation ends it early with Cancelled. An error names its verb:
// "run pod sandbox: ...". Unavailable and DeadlineExceeded leave open whether the runtime did it.
class Runtime {
 public:
  virtual ~Runtime() = default;

  virtual Task<Result<v1::VersionResponse>> version() = 0;
  virtual Task<Result<v1::StatusResponse>> status(bool verbose) = 0;
  // Unimplemented before containerd 2.0.
  virtual Task<Result<v1::RuntimeConfigResponse>> runtime_config() = 0;

  // Answers the sandbox's id. The name, namespace, uid and attempt stay taken until its removal.
  virtual Task<Result<std::string>> run_pod_sandbox(v1::PodSandboxConfig config,
                                                    std::string handler) = 0;
  // Stopping and removing are idempotent: what is not there is gone already.
  virtual Task<Result<>> stop_pod_sandbox(std::string id) = 0;
  virtual Task<Result<>> remove_pod_sandbox(std::string id) = 0;
  virtual Task<Result<v1::PodSandboxStatusResponse>> pod_sandbox_status(std::string id,
                                                                        bool verbose) = 0;
  virtual Task<Result<std::vector<v1::PodSandbox>>> list_pod_sandbox(
      v1::PodSandboxFilter filter) = 0;

  // Answers the container's id; sandbox_config is what run_pod_sandbox was given.
  virtual Task<Result<std::string>> create_container(std::string pod_sandbox_id,
                                                     v1::ContainerConfig config,
                                                     v1::PodSandboxConfig sandbox_config) = 0;
  virtual Task<Result<>> start_container(std::string id) = 0;
  // TERM, and KILL after grace (whole seconds, rounded up). Answers when the container is dead.
  virtual Task<Result<>> stop_container(std::string id, Duration grace) = 0;
  virtual Task<Result<>> remove_container(std::string id) = 0;
  virtual Task<Result<v1::ContainerStatusResponse>> container_status(std::string id,
                                                                     bool verbose) = 0;
  virtual Task<Result<std::vector<v1::Container>>> list_containers(v1::ContainerFilter filter) = 0;
  virtual Task<Result<>> update_container_resources(std::string id,
                                                    v1::LinuxContainerResources resources) = 0;
  virtual Task<Result<>> reopen_container_log(std::string id) = 0;

  // Runs a command to its end; a timeout (whole seconds, rounded up, at least one) kills it.
  virtual Task<Result<v1::ExecSyncResponse>> exec_sync(std::string id,
                                                       std::vector<std::string> command,
                                                       Duration timeout) = 0;
  // Answers the URL of the command's stream; the command starts when somebody connects to it.
  virtual Task<Result<std::string>> exec(v1::ExecRequest request) = 0;

  virtual Task<Result<v1::ContainerStats>> container_stats(std::string id) = 0;
  virtual Task<Result<std::vector<v1::ContainerStats>>> list_container_stats(
      v1::ContainerStatsFilter filter) = 0;
  virtual Task<Result<v1::PodSandboxStats>> pod_sandbox_stats(std::string id) = 0;
  virtual Task<Result<std::vector<v1::PodSandboxStats>>> list_pod_sandbox_stats(
      v1::PodSandboxStatsFilter filter) = 0;

  virtual Task<Result<std::vector<v1::Image>>> list_images(v1::ImageFilter filter) = 0;
  // Nothing where the image is not there.
  virtual Task<Result<std::optional<v1::Image>>> image_status(v1::ImageSpec image) = 0;
  // Answers the image's reference: what a container's config names as its image.
  virtual Task<Result<std::string>> pull_image(v1::ImageSpec image, v1::AuthConfig auth,
                                               v1::PodSandboxConfig sandbox_config) = 0;
  virtual Task<Result<>> remove_image(v1::ImageSpec image) = 0;
  virtual Task<Result<v1::ImageFsInfoResponse>> image_fs_info() = 0;
};

}  // namespace sandboxlet::cri
