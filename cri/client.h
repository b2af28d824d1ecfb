#pragma once

#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cri/completion_thread.h"
#include "cri/runtime.h"
#include "cri/unary_call.h"
#include "proto/containerd/tasks/v1/tasks.grpc.pb.h"
#include "proto/runtime/v1/api.grpc.pb.h"

namespace sandboxlet::cri {

// How one call went, for metrics.
struct CallRecord {
  // CRI's own name: "RunPodSandbox".
  std::string_view verb;
  Duration took;
  // Nothing where it succeeded.
  std::optional<Code> error;
};
using CallObserver = std::function<void(const CallRecord&)>;

struct ClientOptions {
  // The runtime's unix socket, an absolute path.
  std::string socket;
  Deadlines deadlines;
  // Runs on the core thread at each call's end; may be empty.
  CallObserver observer;
};

// The runtime behind a unix socket. Belongs to the core thread; has one thread of its own, which
// only hands completions over. It connects when first called, says Unavailable at once while nobody
// listens, and is connected again within a second of the socket's return.
//
// Destroying it cancels what is under way and waits for gRPC to be done with it; those who called
// get Cancelled when the core's loop runs again. The io_context must outlive it.
class Client final : public Runtime {
 public:
  explicit Client(ClientOptions options);
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Task<Result<v1::VersionResponse>> version() override;
  Task<Result<v1::StatusResponse>> status(bool verbose) override;
  Task<Result<v1::RuntimeConfigResponse>> runtime_config() override;

  Task<Result<std::string>> run_pod_sandbox(v1::PodSandboxConfig config,
                                            std::string handler) override;
  Task<Result<>> stop_pod_sandbox(std::string id) override;
  Task<Result<>> remove_pod_sandbox(std::string id) override;
  Task<Result<v1::PodSandboxStatusResponse>> pod_sandbox_status(std::string id,
                                                                bool verbose) override;
  Task<Result<std::vector<v1::PodSandbox>>> list_pod_sandbox(v1::PodSandboxFilter filter) override;

  Task<Result<std::string>> create_container(std::string pod_sandbox_id, v1::ContainerConfig config,
                                             v1::PodSandboxConfig sandbox_config) override;
  Task<Result<>> start_container(std::string id) override;
  Task<Result<>> stop_container(std::string id, Duration grace) override;
  Task<Result<>> remove_container(std::string id) override;
  Task<Result<v1::ContainerStatusResponse>> container_status(std::string id, bool verbose) override;
  Task<Result<std::vector<v1::Container>>> list_containers(v1::ContainerFilter filter) override;
  Task<Result<>> update_container_resources(std::string id,
                                            v1::LinuxContainerResources resources) override;
  Task<Result<>> reopen_container_log(std::string id) override;

  Task<Result<v1::ExecSyncResponse>> exec_sync(std::string id, std::vector<std::string> command,
                                               Duration timeout) override;
  Task<Result<std::string>> exec(v1::ExecRequest request) override;

  Task<Result<v1::ContainerStats>> container_stats(std::string id) override;
  Task<Result<std::vector<v1::ContainerStats>>> list_container_stats(
      v1::ContainerStatsFilter filter) override;
  Task<Result<v1::PodSandboxStats>> pod_sandbox_stats(std::string id) override;
  Task<Result<std::vector<v1::PodSandboxStats>>> list_pod_sandbox_stats(
      v1::PodSandboxStatsFilter filter) override;

  Task<Result<std::vector<v1::Image>>> list_images(v1::ImageFilter filter) override;
  Task<Result<std::optional<v1::Image>>> image_status(v1::ImageSpec image) override;
  Task<Result<std::string>> pull_image(v1::ImageSpec image, v1::AuthConfig auth,
                                       v1::PodSandboxConfig sandbox_config) override;
  Task<Result<>> remove_image(v1::ImageSpec image) override;
  Task<Result<v1::ImageFsInfoResponse>> image_fs_info() override;

 private:
  template <class Stub, class Request, class Response, class Extract>
  auto call(std::string_view verb,
            std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*start)(
                grpc::ClientContext*, const Request&, grpc::CompletionQueue*),
            Request request, Duration timeout, Extract extract);
  // Removes what remove() does, again without the stranded tasks that it stumbles over.
  template <class Remove>
  Task<Result<>> without_stranded_tasks(Remove remove);

  const Deadlines deadlines_;
  const std::shared_ptr<const CallObserver> observer_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::tuple<std::unique_ptr<v1::RuntimeService::Stub>,
                   std::unique_ptr<v1::ImageService::Stub>,
                   std::unique_ptr<::containerd::services::tasks::v1::Tasks::Stub>>
      stubs_;
  PendingCalls pending_;
  CompletionThread completions_;
};

}  // namespace sandboxlet::cri
