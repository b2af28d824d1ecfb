#include "cri/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <type_traits>
#include <utility>

#include "cri/grpc_error.h"
#include "cri/stranded_task.h"

namespace sandboxlet::cri {

namespace {

using Runtimes = v1::RuntimeService::Stub;
using Images = v1::ImageService::Stub;
namespace tasks = ::containerd::services::tasks::v1;

std::shared_ptr<grpc::Channel> connect(const std::string& socket) {
  constexpr int kMaxMessageBytes = 16 << 20;  // cri-client's limit
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  // Its own connection: the back-off of another client of this process is none of ours.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
}

// CRI counts whole seconds, and 0 means at once or for ever: never cut a wish down to it.
int64_t seconds_of(Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(std::max(duration, Duration::zero())).count();
}

template <class T>
std::vector<T> take(google::protobuf::RepeatedPtrField<T>* items) {
  return {std::make_move_iterator(items->begin()), std::make_move_iterator(items->end())};
}

// What a verb answers of its response: all of it, or nothing.
constexpr auto kWhole = [](auto& response) { return std::move(response); };
constexpr auto kNothing = [](auto&) {};

// The end of each call, on the core thread: its record, and its response as a Result.
template <class Response, class Extract>
auto conversion(std::string_view verb, const std::shared_ptr<const CallObserver>& observer,
                Extract extract) {
  using T = std::invoke_result_t<Extract, Response&>;
  return [=, started = std::chrono::steady_clock::now()](const grpc::Status& status,
                                                         Response& response) -> Result<T> {
    std::optional<Error> error;
    if (!status.ok()) error = error_of(status, verb);
    if (*observer) {
      const Duration took = std::chrono::steady_clock::now() - started;
      (*observer)({verb, took, error ? std::optional(error->code()) : std::nullopt});
    }
    if (error) return *std::move(error);
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return extract(response);
    }
  };
}

// CRI asks runtimes to say so themselves; containerd 1.6 says NotFound when it stops a container.
Task<Result<>> gone_is_done(Task<Result<>> call) {
  Result<> result = co_await std::move(call);
  if (!result && result.error().code() == Code::kNotFound) co_return Result<>();
  co_return result;
}

}  // namespace

Client::Client(ClientOptions options)
    : deadlines_(options.deadlines),
      observer_(std::make_shared<const CallObserver>(std::move(options.observer))),
      channel_(connect(options.socket)),
      stubs_(v1::RuntimeService::NewStub(channel_), v1::ImageService::NewStub(channel_),
             tasks::Tasks::NewStub(channel_)) {}

Client::~Client() {
  for (PendingCall& call : pending_) call.context->TryCancel();
  pending_.clear();
}

// An ordinary function, because g++ 12 miscompiles async_initiate inside a coroutine. Nothing is
// sent before the answer is awaited.
template <class Stub, class Request, class Response, class Extract>
auto Client::call(std::string_view verb,
                  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*start)(
                      grpc::ClientContext*, const Request&, grpc::CompletionQueue*),
                  Request request, Duration timeout, Extract extract) {
  using T = std::invoke_result_t<Extract, Response&>;
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T>)>(
      [this, verb, start, request = std::move(request), timeout, extract](auto handler) {
        auto convert = conversion<Response>(verb, observer_, extract);
        using Call = UnaryCall<Response, decltype(convert), decltype(handler)>;
        auto call = std::make_unique<Call>(std::move(convert), std::move(handler));
        pending_.push_back(*call);
        call->context->set_deadline(gpr_time_from_nanos(timeout.count(), GPR_TIMESPAN));
        if constexpr (std::is_same_v<Stub, tasks::Tasks::Stub>) {
          call->context->AddMetadata(kContainerdNamespaceKey, kContainerdNamespace);
        }
        auto& stub = *std::get<std::unique_ptr<Stub>>(stubs_);
        auto reader = (stub.*start)(call->context.get(), request, &completions_.queue());
        Call::finish(std::move(call), std::move(reader));
      },
      asio::use_awaitable);
}

template <class Remove>
Task<Result<>> Client::without_stranded_tasks(Remove remove) {
  std::set<std::string> deleted;
  for (;;) {
    Result<> removed = co_await remove();
    if (removed) co_return removed;
    const auto task = stranded_task(removed.error());
    if (!task || !deleted.insert(*task).second) co_return removed;
    tasks::DeleteTaskRequest request;
    request.set_container_id(*task);
    CO_CHECK_OK(co_await gone_is_done(call("DeleteTask", &tasks::Tasks::Stub::AsyncDelete, request,
                                           deadlines_.change, kNothing)));
  }
}

// ---- The runtime itself

Task<Result<v1::VersionResponse>> Client::version() {
  return call("Version", &Runtimes::AsyncVersion, v1::VersionRequest(), deadlines_.query, kWhole);
}

Task<Result<v1::StatusResponse>> Client::status(bool verbose) {
  v1::StatusRequest request;
  request.set_verbose(verbose);
  return call("Status", &Runtimes::AsyncStatus, request, deadlines_.query, kWhole);
}

Task<Result<v1::RuntimeConfigResponse>> Client::runtime_config() {
  return call("RuntimeConfig", &Runtimes::AsyncRuntimeConfig, v1::RuntimeConfigRequest(),
              deadlines_.query, kWhole);
}

// ---- Pod sandboxes

Task<Result<std::string>> Client::run_pod_sandbox(v1::PodSandboxConfig config,
                                                  std::string handler) {
  v1::RunPodSandboxRequest request;
  *request.mutable_config() = std::move(config);
  request.set_runtime_handler(std::move(handler));
  return call("RunPodSandbox", &Runtimes::AsyncRunPodSandbox, std::move(request), deadlines_.change,
              [](auto& response) { return std::move(*response.mutable_pod_sandbox_id()); });
}

Task<Result<>> Client::stop_pod_sandbox(std::string id) {
  v1::StopPodSandboxRequest request;
  request.set_pod_sandbox_id(std::move(id));
  return gone_is_done(call("StopPodSandbox", &Runtimes::AsyncStopPodSandbox, std::move(request),
                           deadlines_.change, kNothing));
}

Task<Result<>> Client::remove_pod_sandbox(std::string id) {
  v1::RemovePodSandboxRequest request;
  request.set_pod_sandbox_id(std::move(id));
  return without_stranded_tasks([this, request = std::move(request)] {
    return gone_is_done(call("RemovePodSandbox", &Runtimes::AsyncRemovePodSandbox, request,
                             deadlines_.change, kNothing));
  });
}

Task<Result<v1::PodSandboxStatusResponse>> Client::pod_sandbox_status(std::string id,
                                                                      bool verbose) {
  v1::PodSandboxStatusRequest request;
  request.set_pod_sandbox_id(std::move(id));
  request.set_verbose(verbose);
  return call("PodSandboxStatus", &Runtimes::AsyncPodSandboxStatus, std::move(request),
              deadlines_.query, kWhole);
}

Task<Result<std::vector<v1::PodSandbox>>> Client::list_pod_sandbox(v1::PodSandboxFilter filter) {
  v1::ListPodSandboxRequest request;
  *request.mutable_filter() = std::move(filter);
  return call("ListPodSandbox", &Runtimes::AsyncListPodSandbox, std::move(request),
              deadlines_.query, [](auto& response) { return take(response.mutable_items()); });
}

// ---- Containers

Task<Result<std::string>> Client::create_container(std::string pod_sandbox_id,
                                                   v1::ContainerConfig config,
                                                   v1::PodSandboxConfig sandbox_config) {
  v1::CreateContainerRequest request;
  request.set_pod_sandbox_id(std::move(pod_sandbox_id));
  *request.mutable_config() = std::move(config);
  *request.mutable_sandbox_config() = std::move(sandbox_config);
  return call("CreateContainer", &Runtimes::AsyncCreateContainer, std::move(request),
              deadlines_.change,
              [](auto& response) { return std::move(*response.mutable_container_id()); });
}

Task<Result<>> Client::start_container(std::string id) {
  v1::StartContainerRequest request;
  request.set_container_id(std::move(id));
  return call("StartContainer", &Runtimes::AsyncStartContainer, std::move(request),
              deadlines_.change, kNothing);
}

Task<Result<>> Client::stop_container(std::string id, Duration grace) {
  v1::StopContainerRequest request;
  request.set_container_id(std::move(id));
  request.set_timeout(seconds_of(grace));
  return gone_is_done(call("StopContainer", &Runtimes::AsyncStopContainer, std::move(request),
                           grace + deadlines_.change, kNothing));
}

Task<Result<>> Client::remove_container(std::string id) {
  v1::RemoveContainerRequest request;
  request.set_container_id(std::move(id));
  return without_stranded_tasks([this, request = std::move(request)] {
    return gone_is_done(call("RemoveContainer", &Runtimes::AsyncRemoveContainer, request,
                             deadlines_.change, kNothing));
  });
}

Task<Result<v1::ContainerStatusResponse>> Client::container_status(std::string id, bool verbose) {
  v1::ContainerStatusRequest request;
  request.set_container_id(std::move(id));
  request.set_verbose(verbose);
  return call("ContainerStatus", &Runtimes::AsyncContainerStatus, std::move(request),
              deadlines_.query, kWhole);
}

Task<Result<std::vector<v1::Container>>> Client::list_containers(v1::ContainerFilter filter) {
  v1::ListContainersRequest request;
  *request.mutable_filter() = std::move(filter);
  return call("ListContainers", &Runtimes::AsyncListContainers, std::move(request),
              deadlines_.query, [](auto& response) { return take(response.mutable_containers()); });
}

Task<Result<>> Client::update_container_resources(std::string id,
                                                  v1::LinuxContainerResources resources) {
  v1::UpdateContainerResourcesRequest request;
  request.set_container_id(std::move(id));
  *request.mutable_linux() = std::move(resources);
  return call("UpdateContainerResources", &Runtimes::AsyncUpdateContainerResources,
              std::move(request), deadlines_.change, kNothing);
}

Task<Result<>> Client::reopen_container_log(std::string id) {
  v1::ReopenContainerLogRequest request;
  request.set_container_id(std::move(id));
  return call("ReopenContainerLog", &Runtimes::AsyncReopenContainerLog, std::move(request),
              deadlines_.change, kNothing);
}

// ---- Commands

Task<Result<v1::ExecSyncResponse>> Client::exec_sync(std::string id,
                                                     std::vector<std::string> command,
                                                     Duration timeout) {
  v1::ExecSyncRequest request;
  request.set_container_id(std::move(id));
  request.mutable_cmd()->Assign(std::make_move_iterator(command.begin()),
                                std::make_move_iterator(command.end()));
  request.set_timeout(std::max<int64_t>(seconds_of(timeout), 1));
  return call("ExecSync", &Runtimes::AsyncExecSync, std::move(request), timeout + deadlines_.change,
              kWhole);
}

// ---- Statistics

Task<Result<std::string>> Client::exec(v1::ExecRequest request) {
  return call("Exec", &Runtimes::AsyncExec, std::move(request), deadlines_.query,
              [](auto& response) { return std::move(*response.mutable_url()); });
}

Task<Result<v1::ContainerStats>> Client::container_stats(std::string id) {
  v1::ContainerStatsRequest request;
  request.set_container_id(std::move(id));
  return call("ContainerStats", &Runtimes::AsyncContainerStats, std::move(request),
              deadlines_.query,
              [](auto& response) { return std::move(*response.mutable_stats()); });
}

Task<Result<std::vector<v1::ContainerStats>>> Client::list_container_stats(
    v1::ContainerStatsFilter filter) {
  v1::ListContainerStatsRequest request;
  *request.mutable_filter() = std::move(filter);
  return call("ListContainerStats", &Runtimes::AsyncListContainerStats, std::move(request),
              deadlines_.query, [](auto& response) { return take(response.mutable_stats()); });
}

Task<Result<v1::PodSandboxStats>> Client::pod_sandbox_stats(std::string id) {
  v1::PodSandboxStatsRequest request;
  request.set_pod_sandbox_id(std::move(id));
  return call("PodSandboxStats", &Runtimes::AsyncPodSandboxStats, std::move(request),
              deadlines_.query,
              [](auto& response) { return std::move(*response.mutable_stats()); });
}

Task<Result<std::vector<v1::PodSandboxStats>>> Client::list_pod_sandbox_stats(
    v1::PodSandboxStatsFilter filter) {
  v1::ListPodSandboxStatsRequest request;
  *request.mutable_filter() = std::move(filter);
  return call("ListPodSandboxStats", &Runtimes::AsyncListPodSandboxStats, std::move(request),
              deadlines_.query, [](auto& response) { return take(response.mutable_stats()); });
}

// ---- Images

Task<Result<std::vector<v1::Image>>> Client::list_images(v1::ImageFilter filter) {
  v1::ListImagesRequest request;
  *request.mutable_filter() = std::move(filter);
  return call("ListImages", &Images::AsyncListImages, std::move(request), deadlines_.query,
              [](auto& response) { return take(response.mutable_images()); });
}

Task<Result<std::optional<v1::Image>>> Client::image_status(v1::ImageSpec image) {
  v1::ImageStatusRequest request;
  *request.mutable_image() = std::move(image);
  return call("ImageStatus", &Images::AsyncImageStatus, std::move(request), deadlines_.query,
              [](auto& response) -> std::optional<v1::Image> {
                if (!response.has_image()) return std::nullopt;
                return std::move(*response.mutable_image());
              });
}

Task<Result<std::string>> Client::pull_image(v1::ImageSpec image, v1::AuthConfig auth,
                                             v1::PodSandboxConfig sandbox_config) {
  v1::PullImageRequest request;
  *request.mutable_image() = std::move(image);
  *request.mutable_auth() = std::move(auth);
  *request.mutable_sandbox_config() = std::move(sandbox_config);
  return call("PullImage", &Images::AsyncPullImage, std::move(request), deadlines_.pull,
              [](auto& response) { return std::move(*response.mutable_image_ref()); });
}

Task<Result<>> Client::remove_image(v1::ImageSpec image) {
  v1::RemoveImageRequest request;
  *request.mutable_image() = std::move(image);
  return call("RemoveImage", &Images::AsyncRemoveImage, std::move(request), deadlines_.change,
              kNothing);
}

Task<Result<v1::ImageFsInfoResponse>> Client::image_fs_info() {
  return call("ImageFsInfo", &Images::AsyncImageFsInfo, v1::ImageFsInfoRequest(), deadlines_.query,
              kWhole);
}

}  // namespace sandboxlet::cri
