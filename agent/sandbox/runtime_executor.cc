#include "agent/sandbox/runtime_executor.h"

#include <filesystem>

#include "agent/container/log_files.h"
#include "agent/pod/container_config.h"
#include "agent/pod/hosts_file.h"
#include "agent/pod/pod_sandbox_config.h"
#include "agent/pod/resources.h"
#include "agent/sandbox/readback.h"
#include "agent/sandbox/volume_request.h"
#include "agent/volume/safe_remove.h"
#include "base/offload.h"

namespace sandboxlet::agent {

namespace {

Result<> make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return errno_error("make " + path, error.value());
  return {};
}

Outcome found(v1::Image image, bool was_pulled) { return FoundImage{std::move(image), was_pulled}; }

Result<Outcome> nothing_but_errors(Result<> result) {
  if (!result) return std::move(result.error());
  return Outcome();
}

Task<Result<bool>> nothing_runs() { co_return Error(Code::kFailedPrecondition, "nothing runs"); }

CgroupLimits limits_of(const api::PodSpec& spec) {
  const PodResources resources = pod_resources(spec);
  CgroupLimits limits;
  limits.memory_bytes = resources.memory_limit;
  limits.cpu_shares = resources.cpu_shares;
  limits.cpu_quota = resources.cpu_quota;
  return limits;
}

}  // namespace

Task<Result<Outcome>> RuntimeExecutor::execute(Job job) {
  Action action = job.action;
  return std::visit([&](auto& about) { return perform(std::move(job), std::move(about)); }, action);
}

std::string RuntimeExecutor::log_directory(const api::Sandbox& sandbox) const {
  return context_.log_root + "/" + log_directory_name(sandbox);
}

v1::PodSandboxConfig RuntimeExecutor::pod_config(const api::Sandbox& sandbox,
                                                 uint32_t attempt) const {
  PodSandboxContext context;
  context.attempt = attempt;
  context.cgroup_parent = context_.cgroups.parent_of(sandbox.metadata.uid);
  context.managed_by = context_.managed_by;
  context.log_directory = log_directory(sandbox);
  return pod_sandbox_config(sandbox, context);
}

// One that runs is not asked about: it runs on where its namespace has become stricter.
Task<Result<>> RuntimeExecutor::admit(const Job& job) {
  const ObservedPod* const pod = job.observed.pod();
  if (context_.admission == nullptr || (pod != nullptr && pod->ready)) co_return Result<>();
  co_return co_await context_.admission->admit(job.sandbox, /*ran_before=*/job.observed.logs);
}

// ---- Cgroup

Task<Result<>> RuntimeExecutor::create_cgroup(const api::Sandbox& sandbox) {
  auto work = [this, uid = sandbox.metadata.uid,
               limits = limits_of(sandbox.spec.podTemplate.spec)] {
    return context_.cgroups.create(uid, limits);
  };
  co_return (co_await offload(context_.pool, work)).wrap("create cgroup");
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, CreateCgroup) {
  co_return nothing_but_errors(co_await create_cgroup(*job.sandbox));
}

// What cannot be watched is frozen all the same; that is told when it is tried once more. What came
// just before is told by no packet any more, and its processes may not have had the time to read
// it.
RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, Freeze freeze) {
  const std::string uid = job.sandbox->metadata.uid;
  Frozen frozen;
  if (freeze.watches_traffic) {
    const auto followed = co_await follow_traffic(job, /*look=*/false);
    frozen.watches_traffic = followed.has_value();
  }
  auto work = [this, uid] { return context_.cgroups.freeze(uid); };
  const auto done = co_await offload(context_.pool, work);
  if (!done) {
    context_.traffic.forget(uid);
    co_return done.error().wrap("freeze");
  }
  if (frozen.watches_traffic) {
    const auto missed = co_await context_.traffic.missed(uid, job.observed.process());
    frozen.is_waiting = missed.value_or(false);
  }
  co_return Outcome(frozen);
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, WatchTraffic) {
  auto followed = co_await follow_traffic(job, /*look=*/true);
  CO_TRY(const bool is_waiting, std::move(followed).wrap("watch traffic"));
  co_return Outcome(FoundTraffic{is_waiting});
}

Task<Result<bool>> RuntimeExecutor::follow_traffic(const Job& job, bool look) {
  const pid_t process = job.observed.process();
  if (process == 0) return nothing_runs();
  return context_.traffic.follow(job.sandbox->metadata.uid, process, look);
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, Hibernate) {
  auto work = [this, uid = job.sandbox->metadata.uid, stop = job.stop] {
    return context_.cgroups.reclaim(uid, *stop);
  };
  auto reclaimed = co_await offload(context_.memory_pool, work);
  const bool was_stopped = !reclaimed && reclaimed.error().code() == Code::kCancelled;
  if (was_stopped) co_return Outcome(GivenBack{0, true});
  CO_TRY(const uint64_t bytes, std::move(reclaimed).wrap("hibernate"));
  co_return Outcome(GivenBack{bytes, false});
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, Thaw) {
  auto work = [this, uid = job.sandbox->metadata.uid] { return context_.cgroups.thaw(uid); };
  auto thawed = co_await offload(context_.pool, work);
  if (thawed) context_.traffic.forget(job.sandbox->metadata.uid);
  co_return nothing_but_errors(std::move(thawed).wrap("thaw"));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, KillAll) {
  auto work = [this, uid = job.sandbox->metadata.uid] { return context_.cgroups.kill(uid); };
  context_.traffic.forget(job.sandbox->metadata.uid);
  co_return nothing_but_errors((co_await offload(context_.pool, work)).wrap("kill"));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, RemoveCgroup) {
  auto work = [this, uid = job.sandbox->metadata.uid] { return context_.cgroups.remove(uid); };
  co_return nothing_but_errors((co_await offload(context_.pool, work)).wrap("remove cgroup"));
}

// ---- Volumes and files

// A claim that is staged is in use, and stays what it was: nobody is asked.
Task<Result<VolumeRequest>> RuntimeExecutor::request_for(
    std::shared_ptr<const api::Sandbox> sandbox, std::string volume) {
  const auto claim = claim_of(*sandbox, volume);
  if (context_.claims == nullptr || !claim) co_return volume_request(*sandbox, volume);
  auto look = [this, uid = sandbox->metadata.uid, volume] {
    return context_.volumes.staged_from(uid, volume);
  };
  CO_TRY(auto source, co_await offload(context_.disk_pool, look));
  if (!source) {
    CO_TRY(source, co_await context_.claims->find(sandbox, *claim));
  }
  VolumeRequest request;
  request.name = std::move(volume);
  request.source = std::move(*source);
  co_return request;
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, StageVolume stage) {
  CO_CHECK_OK(co_await admit(job));
  CO_TRY(VolumeRequest request,
         (co_await request_for(job.sandbox, stage.name)).wrap("volume " + stage.name));
  auto work = [this, uid = job.sandbox->metadata.uid, request = std::move(request)] {
    return context_.volumes.stage(uid, request);
  };
  CO_TRY(std::string path,
         (co_await offload(context_.disk_pool, work)).wrap("volume " + stage.name));
  co_return Outcome(StagedVolume{std::move(path)});
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, UnstageVolumes) {
  auto work = [this, uid = job.sandbox->metadata.uid] { return context_.volumes.unstage_all(uid); };
  co_return nothing_but_errors(
      (co_await offload(context_.disk_pool, work)).wrap("unstage volumes"));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, RemoveVolumes) {
  auto work = [this, uid = job.sandbox->metadata.uid] { return context_.volumes.remove(uid); };
  co_return nothing_but_errors((co_await offload(context_.disk_pool, work)).wrap("remove volumes"));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, RemoveLogs) {
  auto work = [path = log_directory(*job.sandbox)] { return remove_tree(path); };
  co_return nothing_but_errors((co_await offload(context_.disk_pool, work)).wrap("remove logs"));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, Forget) {
  context_.traffic.forget(job.sandbox->metadata.uid);
  co_return Outcome();
}

// ---- Images

// With one credential after the other; without any only where none is meant for the image (kubelet:
// kuberuntime_image.go PullImage).
Task<Result<std::string>> RuntimeExecutor::pull(std::shared_ptr<const api::Sandbox> sandbox,
                                                v1::ImageSpec image) {
  std::vector<v1::AuthConfig> tries;
  if (context_.credentials != nullptr) {
    CO_TRY(tries, co_await context_.credentials->find(sandbox, image.image()));
  }
  if (tries.empty()) tries.emplace_back();
  Result<std::string> pulled = Error(Code::kInternal, "");
  for (const v1::AuthConfig& auth : tries) {
    pulled = co_await context_.runtime.pull_image(image, auth, pod_config(*sandbox, 0));
    // The runtime is away, or has what it needs: another credential helps neither.
    if (pulled || pulled.error().code() == Code::kUnavailable) break;
  }
  co_return pulled;
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, EnsureImage ensure) {
  const auto& spec = job.sandbox->spec.podTemplate.spec;
  const auto container =
      std::find_if(spec.containers.begin(), spec.containers.end(),
                   [&](const api::Container& other) { return other.name == ensure.container; });
  v1::ImageSpec image;
  image.set_image(container->image);
  if (container->imagePullPolicy != "Always") {
    CO_TRY(auto present, co_await context_.runtime.image_status(image));
    if (present) co_return found(std::move(*present), /*was_pulled=*/false);
    if (container->imagePullPolicy == "Never") {
      co_return Error(Code::kNotFound, "Container image \"" + container->image +
                                           "\" is not present with pull policy of Never");
    }
  }
  CO_TRY(const std::string reference, co_await pull(job.sandbox, image));
  v1::ImageSpec pulled;
  pulled.set_image(reference);
  CO_TRY(auto present, co_await context_.runtime.image_status(pulled));
  if (!present) co_return Error(Code::kNotFound, "image " + reference + " is gone after its pull");
  co_return found(std::move(*present), /*was_pulled=*/true);
}

// ---- Pods

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, RunPodSandbox run) {
  CO_CHECK_OK(co_await admit(job));
  auto make = [path = log_directory(*job.sandbox)] { return make_directories(path); };
  CO_CHECK_OK(co_await offload(context_.pool, make));
  CO_CHECK_OK(co_await create_cgroup(*job.sandbox));
  CO_TRY(std::string id,
         co_await context_.runtime.run_pod_sandbox(pod_config(*job.sandbox, run.attempt), ""));
  CO_TRY(const auto response, co_await context_.runtime.pod_sandbox_status(id, false));
  ObservedPod pod;
  pod.id = std::move(id);
  pod.attempt = run.attempt;
  pod.ready = response.status().state() == v1::SANDBOX_READY;
  pod.ips = pod_ips(response.status());
  co_return Outcome(std::move(pod));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job, StopPodSandbox stop) {
  co_return nothing_but_errors(co_await context_.runtime.stop_pod_sandbox(stop.id));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job, RemovePodSandbox remove) {
  CO_CHECK_OK(co_await context_.runtime.stop_pod_sandbox(remove.id));
  co_return nothing_but_errors(co_await context_.runtime.remove_pod_sandbox(remove.id));
}

// ---- Containers

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, RunContainer run) {
  const auto& spec = job.sandbox->spec.podTemplate.spec;
  const auto container =
      std::find_if(spec.containers.begin(), spec.containers.end(),
                   [&](const api::Container& other) { return other.name == run.name; });
  const ObservedPod pod = *job.observed.pod();
  ContainerContext context;
  context.attempt = run.attempt;
  context.restart_count = run.restart_count;
  context.image = job.observed.images.at(run.name).image;
  context.volumes = job.observed.volumes;
  context.managed_by = context_.managed_by;
  context.node_memory = context_.node_memory;
  CO_TRY(context.expanded, api::expand(*container));
  // What logs --previous shows is kept, and what this one will write.
  auto make = [this, path = log_directory(*job.sandbox) + "/" + run.name,
               previous = std::max(run.attempt, 1U) - 1, uid = job.sandbox->metadata.uid,
               hosts = hosts_file(*job.sandbox, pod.ips)]() -> Result<std::string> {
    CHECK_OK(make_directories(path));
    CHECK_OK(remove_logs_before(path, previous));
    return context_.volumes.write_hosts(uid, hosts);
  };
  CO_TRY(std::string hosts, co_await offload(context_.pool, make));
  if (wants_hosts_file(*container)) context.hosts_file = std::move(hosts);
  CO_CHECK_OK(co_await create_cgroup(*job.sandbox));
  auto config = container_config(*job.sandbox, *container, context);
  CO_TRY(std::string id, co_await context_.runtime.create_container(
                             pod.id, std::move(config), pod_config(*job.sandbox, pod.attempt)));
  CO_CHECK_OK(co_await context_.runtime.start_container(id));
  CO_TRY(ObservedContainer seen, co_await read_container(pod.id, std::move(id)));
  co_return Outcome(std::move(seen));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, StopContainer stop) {
  CO_CHECK_OK(co_await context_.runtime.stop_container(stop.id, stop.grace));
  const ObservedContainer* const before = job.observed.container(stop.name);
  const std::string pod_id = before == nullptr ? "" : before->pod_id;
  CO_TRY(ObservedContainer seen, co_await read_container(pod_id, stop.id));
  co_return Outcome(std::move(seen));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job, HastenStop hasten) {
  co_return nothing_but_errors(co_await context_.runtime.stop_container(hasten.id, hasten.grace));
}

RuntimeExecutor::Answer RuntimeExecutor::perform(Job, RemoveContainer remove) {
  co_return nothing_but_errors(co_await context_.runtime.remove_container(remove.id));
}

}  // namespace sandboxlet::agent
