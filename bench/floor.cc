#include "bench/floor.h"

#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "agent/pod/container_config.h"
#include "agent/pod/pod_sandbox_config.h"
#include "api/admit.h"
#include "bench/manifest.h"
#include "tests/rig/pods.h"

namespace sandboxlet::bench {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

}  // namespace

Floor::Floor(const test::PrivateRuntime& runtime)
    : runtime_(runtime), client_(cri::ClientOptions{.socket = runtime.socket()}) {}

Result<std::unique_ptr<Floor>> Floor::make(const test::PrivateRuntime& runtime) {
  std::unique_ptr<Floor> floor(new Floor(runtime));
  TRY(floor->cgroups_, agent::open_cgroups(runtime.cgroup_root(), {}));
  TRY(const auto version, floor->loop_.run(floor->client_.version()));
  static_cast<void>(version);
  cri::v1::ImageSpec image;
  image.set_image(test::kCounterImage);
  TRY(const auto found, floor->loop_.run(floor->client_.image_status(image)));
  if (!found) return Error(Code::kNotFound, "no image " + image.image());
  floor->image_ = *found;
  return floor;
}

cri::v1::PodSandboxConfig Floor::pod_config(const Pod& pod) const {
  agent::PodSandboxContext context;
  context.cgroup_parent = cgroups_->parent_of(pod.sandbox.metadata.uid);
  context.managed_by = "floor";
  context.log_directory = runtime_.dir() + "/floor/" + pod.sandbox.metadata.name;
  return agent::pod_sandbox_config(pod.sandbox, context);
}

cri::v1::ContainerConfig Floor::container_config(Pod& pod) const {
  agent::ContainerContext context;
  context.attempt = pod.attempt++;
  context.image = image_;
  context.managed_by = "floor";
  context.node_memory = int64_t{1} << 34;
  const auto& container = pod.sandbox.spec.podTemplate.spec.containers[0];
  context.expanded = *api::expand(container);
  return agent::container_config(pod.sandbox, container, context);
}

// What is no call of the runtime's: made before the clock starts.
Result<> Floor::prepare(const std::string& name) {
  Pod& pod = pods_[name];
  pod.sandbox = api::admit(manifest(name)).sandbox;
  pod.sandbox.metadata.uid = name;
  std::filesystem::create_directories(runtime_.dir() + "/floor/" + name + "/main");
  return cgroups_->create(name, {});
}

Task<Result<>> Floor::run_container(std::string name) {
  Pod& pod = pods_[name];
  const auto config = container_config(pod);
  const auto pod_config = this->pod_config(pod);
  CO_TRY(pod.container, co_await client_.create_container(pod.id, config, pod_config));
  co_return co_await client_.start_container(pod.container);
}

Task<Result<>> Floor::create_one(std::string name) {
  Pod& pod = pods_[name];
  const auto config = pod_config(pod);
  CO_TRY(pod.id, co_await client_.run_pod_sandbox(config, ""));
  co_return co_await run_container(name);
}

Task<Result<>> Floor::remove_container(std::string name) {
  const std::string id = pods_.at(name).container;
  CO_CHECK_OK(co_await client_.stop_container(id, std::chrono::seconds(0)));
  co_return co_await client_.remove_container(id);
}

Task<Result<>> Floor::remove_one(std::string name) {
  const std::string id = pods_.at(name).id;
  CO_CHECK_OK(co_await client_.stop_pod_sandbox(id));
  co_return co_await client_.remove_pod_sandbox(id);
}

Result<double> Floor::create(const std::string& name) {
  CHECK_OK(prepare(name));
  const auto begun = Clock::now();
  CHECK_OK(loop_.run(create_one(name)));
  return since(begun);
}

Result<double> Floor::start_again(const std::string& name) {
  const auto begun = Clock::now();
  CHECK_OK(loop_.run(run_container(name)));
  return since(begun);
}

Result<double> Floor::exec_true(const std::string& name) {
  const auto begun = Clock::now();
  CHECK_OK(
      loop_.run(client_.exec_sync(pods_.at(name).container, {"true"}, std::chrono::seconds(10))));
  return since(begun);
}

Task<Result<pid_t>> Floor::pid_of(std::string container) {
  CO_TRY(const auto status, co_await client_.container_status(container, true));
  const auto info = nlohmann::json::parse(status.info().at("info"), nullptr, false);
  co_return info.value("pid", 0);
}

Result<pid_t> Floor::pid_of_sandbox(const std::string& name) {
  cri::v1::ContainerFilter filter;
  (*filter.mutable_label_selector())["io.kubernetes.pod.name"] = name;
  TRY(const auto found, loop_.run(client_.list_containers(filter)));
  if (found.empty()) return Error(Code::kNotFound, "no container of " + name);
  return loop_.run(pid_of(found.front().id()));
}

Result<double> Floor::see_exit(const std::string& name) {
  const std::string id = pods_.at(name).container;
  TRY(const pid_t pid, loop_.run(pid_of(id)));
  const auto begun = Clock::now();
  kill(pid, SIGKILL);
  for (;;) {
    TRY(const auto status, loop_.run(client_.container_status(id, false)));
    if (status.status().state() == cri::v1::CONTAINER_EXITED) return since(begun);
  }
}

Result<double> Floor::stop_container(const std::string& name) {
  const auto begun = Clock::now();
  CHECK_OK(loop_.run(remove_container(name)));
  return since(begun);
}

Result<double> Floor::remove(const std::string& name) {
  const auto begun = Clock::now();
  CHECK_OK(loop_.run(remove_one(name)));
  const double took = since(begun);
  pods_.erase(name);
  CHECK_OK(cgroups_->remove(name));
  return took;
}

Result<> Floor::remove_all(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    TRY(const double took, remove(name));
    static_cast<void>(took);
  }
  return {};
}

Result<double> Floor::create_all(const std::vector<std::string>& names) {
  for (const auto& name : names) CHECK_OK(prepare(name));
  size_t ended = 0;
  std::optional<Result<>> all;
  Result<> worst;
  const auto begun = Clock::now();
  for (const auto& name : names) {
    asio::co_spawn(loop_.io(), create_one(name), [&](std::exception_ptr failure, Result<> result) {
      die_on_exception(failure);
      if (!result) worst = result;
      if (++ended == names.size()) all = worst;
    });
  }
  CHECK_OK(loop_.wait_for(all));
  return since(begun);
}

}  // namespace sandboxlet::bench
