#include "cri/fake.h"

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace sandboxlet::cri {

// A call between its being sent and its answer.
struct FakeRuntime::UnderWay {
  virtual ~UnderWay() = default;
  // Does what the call asks for, as its fault allows, and answers.
  virtual void finish() = 0;
  virtual void fail(Error error) = 0;
  // Nobody waits for the answer any more.
  virtual void abandon() = 0;
  virtual bool is_awaited() const = 0;

  FakeFault fault;
  std::string verb;
  std::string subject;
  std::string cgroup;
  bool ripe = false;
  std::unique_ptr<Timer> due;
  std::unique_ptr<Timer> deadline;
};

template <class T>
struct FakeRuntime::Call final : UnderWay {
  std::function<Result<T>()> effect;
  std::function<void(Result<T>)> answer;

  void finish() override {
    const bool refused = fault.error && !fault.done;
    Result<T> result = refused ? Result<T>(*fault.error) : effect();
    if (fault.error) result = *fault.error;
    if (answer) answer(std::move(result).wrap(verb));
  }
  void fail(Error error) override {
    if (answer) answer(Result<T>(std::move(error)).wrap(verb));
  }
  void abandon() override { answer = nullptr; }
  bool is_awaited() const override { return answer != nullptr; }
};

FakeRuntime::FakeRuntime(Clock& clock, Deadlines deadlines)
    : clock_(clock), deadlines_(deadlines), state_(clock) {}

FakeRuntime::~FakeRuntime() = default;

bool FakeRuntime::awaits_process(const std::string& cgroup_parent) const {
  return std::any_of(under_way_.begin(), under_way_.end(), [&](const auto& call) {
    return call->cgroup == cgroup_parent && call->is_awaited();
  });
}

// ---- What goes wrong

void FakeRuntime::heal() {
  once_.clear();
  always_.clear();
  source_ = nullptr;
}

FakeFault FakeRuntime::fault_of(const FakeCall& call) {
  if (auto& once = once_[call.verb]; !once.empty()) {
    FakeFault fault = once.front();
    once.pop_front();
    return fault;
  }
  if (const auto always = always_.find(call.verb); always != always_.end()) return always->second;
  return source_ ? source_(call) : FakeFault();
}

void FakeRuntime::go_away() {
  away_ = true;
  for (const auto& call : std::exchange(under_way_, {})) {
    call->fail(Error(Code::kUnavailable, "the connection was closed"));
  }
}

void FakeRuntime::client_died(bool finish) {
  for (const auto& call : under_way_) call->abandon();
  if (!finish) under_way_.clear();
}

void FakeRuntime::thaw(const std::string& cgroup_parent) {
  frozen_.erase(cgroup_parent);
  const auto waiting = under_way_;
  for (const auto& call : waiting) {
    if (call->ripe && call->cgroup == cgroup_parent) arrive(call);
  }
}

// ---- A call's way

FakeRuntime::Trip FakeRuntime::query(std::string verb, std::string subject) const {
  return {{std::move(verb), std::move(subject)}, deadlines_.query, ""};
}

FakeRuntime::Trip FakeRuntime::change(std::string verb, std::string subject,
                                      std::string cgroup) const {
  return {{std::move(verb), std::move(subject)}, deadlines_.change, std::move(cgroup)};
}

// An ordinary function, because g++ 12 miscompiles async_initiate inside a coroutine. Nothing is
// sent before the answer is awaited.
template <class T>
Task<Result<T>> FakeRuntime::travel(Trip trip, std::function<Result<T>()> effect) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T>)>(
      [this, trip = std::move(trip), effect = std::move(effect)](auto handler) {
        auto executor = asio::get_associated_executor(handler);
        auto caller = std::make_shared<decltype(handler)>(std::move(handler));
        auto call = std::make_shared<Call<T>>();
        call->effect = effect;
        call->answer = [executor, caller](Result<T> result) {
          asio::post(executor, [caller, result = std::move(result)]() mutable {
            std::move (*caller)(std::move(result));
          });
        };
        depart(std::move(call), trip);
      },
      asio::use_awaitable);
}

void FakeRuntime::depart(std::shared_ptr<UnderWay> call, const Trip& trip) {
  calls_.push_back(trip.call);
  call->verb = trip.call.verb;
  call->subject = trip.call.subject;
  call->cgroup = trip.cgroup;
  call->fault = fault_of(trip.call);
  if (away_) return call->fail(Error(Code::kUnavailable, "nobody listens"));
  under_way_.push_back(call);
  // Held by the list alone: a call that was dropped from it takes its timers along.
  const std::weak_ptr<UnderWay> weak = call;
  call->due = clock_.call_after(trip.takes + call->fault.delay, [this, weak] {
    if (const auto due = weak.lock()) {
      due->ripe = true;
      arrive(due);
    }
  });
  call->deadline = clock_.call_after(trip.timeout, [this, weak] {
    const auto late = weak.lock();
    if (late && std::erase(under_way_, late) > 0) {
      late->fail(Error(Code::kDeadlineExceeded, "context deadline exceeded"));
    }
  });
}

void FakeRuntime::arrive(const std::shared_ptr<UnderWay>& call) {
  if (frozen_.contains(call->cgroup)) return;
  const std::shared_ptr<UnderWay> arrived = call;
  if (std::erase(under_way_, arrived) > 0) arrived->finish();
}

// Whoever waits for the same container's end has it now.
void FakeRuntime::stopped_now(const std::string& container_id) {
  const auto waiting = under_way_;
  for (const auto& call : waiting) {
    if (call->verb == "StopContainer" && call->subject == container_id) arrive(call);
  }
}

// ---- The runtime itself

Task<Result<v1::VersionResponse>> FakeRuntime::version() {
  return travel<v1::VersionResponse>(query("Version"), []() -> Result<v1::VersionResponse> {
    v1::VersionResponse response;
    response.set_version("0.1.0");
    response.set_runtime_name("fake");
    response.set_runtime_version("1.6.20");
    response.set_runtime_api_version("v1");
    return response;
  });
}

Task<Result<v1::StatusResponse>> FakeRuntime::status(bool) {
  return travel<v1::StatusResponse>(query("Status"), []() -> Result<v1::StatusResponse> {
    v1::StatusResponse response;
    for (const char* type : {"RuntimeReady", "NetworkReady"}) {
      auto& condition = *response.mutable_status()->add_conditions();
      condition.set_type(type);
      condition.set_status(true);
    }
    return response;
  });
}

Task<Result<v1::RuntimeConfigResponse>> FakeRuntime::runtime_config() {
  using Answer = Result<v1::RuntimeConfigResponse>;
  return travel<v1::RuntimeConfigResponse>(query("RuntimeConfig"), []() -> Answer {
    return Error(Code::kUnimplemented, "unknown method RuntimeConfig");
  });
}

// ---- Pod sandboxes

Task<Result<std::string>> FakeRuntime::run_pod_sandbox(v1::PodSandboxConfig config,
                                                       std::string handler) {
  Trip trip = change("RunPodSandbox", config.metadata().name(), config.linux().cgroup_parent());
  return travel<std::string>(std::move(trip),
                             [this, config = std::move(config), handler = std::move(handler)] {
                               return state_.run_pod_sandbox(config, handler);
                             });
}

Task<Result<>> FakeRuntime::stop_pod_sandbox(std::string id) {
  return travel<void>(change("StopPodSandbox", id, state_.cgroup_of_pod(id)),
                      [this, id] { return state_.stop_pod_sandbox(id); });
}

Task<Result<>> FakeRuntime::remove_pod_sandbox(std::string id) {
  return travel<void>(change("RemovePodSandbox", id, state_.cgroup_of_pod(id)),
                      [this, id] { return state_.remove_pod_sandbox(id); });
}

Task<Result<v1::PodSandboxStatusResponse>> FakeRuntime::pod_sandbox_status(std::string id,
                                                                           bool verbose) {
  return travel<v1::PodSandboxStatusResponse>(query("PodSandboxStatus", id), [this, id, verbose] {
    return state_.pod_sandbox_status(id, verbose);
  });
}

Task<Result<std::vector<v1::PodSandbox>>> FakeRuntime::list_pod_sandbox(
    v1::PodSandboxFilter filter) {
  using Answer = Result<std::vector<v1::PodSandbox>>;
  return travel<std::vector<v1::PodSandbox>>(query("ListPodSandbox"), [this, filter]() -> Answer {
    return state_.list_pod_sandbox(filter);
  });
}

// ---- Containers

Task<Result<std::string>> FakeRuntime::create_container(std::string pod_sandbox_id,
                                                        v1::ContainerConfig config,
                                                        v1::PodSandboxConfig) {
  return travel<std::string>(change("CreateContainer", config.metadata().name()),
                             [this, id = std::move(pod_sandbox_id), config = std::move(config)] {
                               return state_.create_container(id, config);
                             });
}

Task<Result<>> FakeRuntime::start_container(std::string id) {
  return travel<void>(change("StartContainer", id, state_.cgroup_of_container(id)),
                      [this, id] { return state_.start_container(id); });
}

Task<Result<>> FakeRuntime::stop_container(std::string id, Duration grace) {
  Trip trip = change("StopContainer", id, state_.cgroup_of_container(id));
  trip.timeout += grace;
  const FakeContainer* const found = state_.container(id);
  const bool ignores = found != nullptr && ignoring_term_.contains(found->config.metadata().name());
  if (ignores && found->pid != 0) trip.takes = grace;
  return travel<void>(std::move(trip), [this, id, ignores] {
    auto stopped = state_.stop_container(id, ignores);
    stopped_now(id);
    return stopped;
  });
}

Task<Result<>> FakeRuntime::remove_container(std::string id) {
  return travel<void>(change("RemoveContainer", id, state_.cgroup_of_container(id)),
                      [this, id] { return state_.remove_container(id); });
}

Task<Result<v1::ContainerStatusResponse>> FakeRuntime::container_status(std::string id,
                                                                        bool verbose) {
  return travel<v1::ContainerStatusResponse>(query("ContainerStatus", id), [this, id, verbose] {
    return state_.container_status(id, verbose);
  });
}

Task<Result<std::vector<v1::Container>>> FakeRuntime::list_containers(v1::ContainerFilter filter) {
  using Answer = Result<std::vector<v1::Container>>;
  return travel<std::vector<v1::Container>>(query("ListContainers"), [this, filter]() -> Answer {
    return state_.list_containers(filter);
  });
}

Task<Result<>> FakeRuntime::update_container_resources(std::string id,
                                                       v1::LinuxContainerResources resources) {
  return travel<void>(change("UpdateContainerResources", id),
                      [this, id, resources] { return state_.update_resources(id, resources); });
}

Task<Result<>> FakeRuntime::reopen_container_log(std::string id) {
  return travel<void>(change("ReopenContainerLog", id),
                      [this, id] { return state_.reopen_log(id); });
}

// ---- Commands

Task<Result<v1::ExecSyncResponse>> FakeRuntime::exec_sync(std::string id,
                                                          std::vector<std::string> command,
                                                          Duration timeout) {
  using Answer = Result<v1::ExecSyncResponse>;
  Trip trip = change("ExecSync", id, state_.cgroup_of_container(id));
  trip.timeout += timeout;
  return travel<v1::ExecSyncResponse>(
      std::move(trip), [this, run = FakeCommand{id, std::move(command)}]() -> Answer {
        CHECK_OK(state_.check_running(run.container_id));
        return commands_ ? commands_(run) : v1::ExecSyncResponse();
      });
}

Task<Result<std::string>> FakeRuntime::exec(v1::ExecRequest request) {
  const std::string id = request.container_id();
  return travel<std::string>(change("Exec", id), [this, id]() -> Result<std::string> {
    CHECK_OK(state_.check_running(id));
    return "http://127.0.0.1:0/exec/" + id;
  });
}

// ---- Statistics

Task<Result<v1::ContainerStats>> FakeRuntime::container_stats(std::string id) {
  return travel<v1::ContainerStats>(query("ContainerStats", id),
                                    [this, id] { return state_.container_stats(id); });
}

Task<Result<std::vector<v1::ContainerStats>>> FakeRuntime::list_container_stats(
    v1::ContainerStatsFilter filter) {
  using Answer = Result<std::vector<v1::ContainerStats>>;
  return travel<std::vector<v1::ContainerStats>>(
      query("ListContainerStats"),
      [this, filter]() -> Answer { return state_.list_container_stats(filter); });
}

Task<Result<v1::PodSandboxStats>> FakeRuntime::pod_sandbox_stats(std::string id) {
  return travel<v1::PodSandboxStats>(query("PodSandboxStats", id),
                                     [this, id] { return state_.pod_sandbox_stats(id); });
}

Task<Result<std::vector<v1::PodSandboxStats>>> FakeRuntime::list_pod_sandbox_stats(
    v1::PodSandboxStatsFilter filter) {
  using Answer = Result<std::vector<v1::PodSandboxStats>>;
  return travel<std::vector<v1::PodSandboxStats>>(
      query("ListPodSandboxStats"),
      [this, filter]() -> Answer { return state_.list_pod_sandbox_stats(filter); });
}

// ---- Images

Task<Result<std::vector<v1::Image>>> FakeRuntime::list_images(v1::ImageFilter filter) {
  using Answer = Result<std::vector<v1::Image>>;
  return travel<std::vector<v1::Image>>(
      query("ListImages"), [this, filter]() -> Answer { return state_.list_images(filter); });
}

Task<Result<std::optional<v1::Image>>> FakeRuntime::image_status(v1::ImageSpec image) {
  using Answer = Result<std::optional<v1::Image>>;
  return travel<std::optional<v1::Image>>(
      query("ImageStatus", image.image()),
      [this, name = image.image()]() -> Answer { return state_.find_image(name); });
}

Task<Result<std::string>> FakeRuntime::pull_image(v1::ImageSpec image, v1::AuthConfig auth,
                                                  v1::PodSandboxConfig) {
  Trip trip = change("PullImage", image.image());
  trip.timeout = deadlines_.pull;
  auto effect = [this, name = image.image(), auth]() -> Result<std::string> {
    const auto asked = protected_images_.find(name);
    if (asked != protected_images_.end() &&
        asked->second != std::pair(auth.username(), auth.password())) {
      return Error(Code::kInternal, "pull image: " + name + ": 401 Unauthorized");
    }
    return state_.add_image(name);
  };
  return travel<std::string>(std::move(trip), std::move(effect));
}

Task<Result<>> FakeRuntime::remove_image(v1::ImageSpec image) {
  return travel<void>(change("RemoveImage", image.image()),
                      [this, name = image.image()]() -> Result<> {
                        state_.remove_image(name);
                        return {};
                      });
}

Task<Result<v1::ImageFsInfoResponse>> FakeRuntime::image_fs_info() {
  using Answer = Result<v1::ImageFsInfoResponse>;
  return travel<v1::ImageFsInfoResponse>(query("ImageFsInfo"),
                                         []() -> Answer { return v1::ImageFsInfoResponse(); });
}

}  // namespace sandboxlet::cri
