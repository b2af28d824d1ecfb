#include <algorithm>
#include <array>
#include <filesystem>

#include "agent/pod/labels.h"
#include "agent/sandbox/readback.h"
#include "agent/sandbox/runtime_executor.h"
#include "base/offload.h"

namespace sandboxlet::agent {

namespace {

using std::chrono::milliseconds;

// The runtime learns of an exit some milliseconds after the kernel tells a pidfd.
constexpr std::array kExitDelays{milliseconds(1), milliseconds(2),  milliseconds(4),
                                 milliseconds(8), milliseconds(16), milliseconds(32)};

template <class Filter>
void select_ours(Filter& filter, const api::Sandbox& sandbox, const std::string& managed_by) {
  (*filter.mutable_label_selector())[kPodUidLabel] = sandbox.metadata.uid;
  (*filter.mutable_label_selector())[kManagedByLabel] = managed_by;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

}  // namespace

RuntimeExecutor::Answer RuntimeExecutor::perform(Job job, Observe) {
  Observed observed;
  CO_CHECK_OK((co_await observe_disk(*job.sandbox, observed)).wrap("observe"));
  CO_CHECK_OK((co_await observe_pods(*job.sandbox, observed)).wrap("observe"));
  CO_CHECK_OK((co_await observe_containers(*job.sandbox, observed)).wrap("observe"));
  observed.known = true;
  co_return Outcome(std::move(observed));
}

Task<Result<>> RuntimeExecutor::observe_pods(const api::Sandbox& sandbox, Observed& observed) {
  v1::PodSandboxFilter filter;
  select_ours(filter, sandbox, context_.managed_by);
  CO_TRY(const auto pods, co_await context_.runtime.list_pod_sandbox(filter));
  for (const auto& listed : pods) {
    ObservedPod pod = observed_pod(listed);
    if (pod.ready) {
      CO_TRY(const auto response, co_await context_.runtime.pod_sandbox_status(pod.id, false));
      pod.ips = pod_ips(response.status());
    }
    observed.pods.push_back(std::move(pod));
  }
  std::sort(observed.pods.begin(), observed.pods.end(),
            [](const ObservedPod& a, const ObservedPod& b) { return a.attempt < b.attempt; });
  co_return Result<>();
}

Task<Result<>> RuntimeExecutor::observe_containers(const api::Sandbox& sandbox,
                                                   Observed& observed) {
  v1::ContainerFilter filter;
  select_ours(filter, sandbox, context_.managed_by);
  CO_TRY(const auto containers, co_await context_.runtime.list_containers(filter));
  for (const auto& listed : containers) {
    CO_TRY(ObservedContainer container,
           co_await read_container(listed.pod_sandbox_id(), listed.id()));
    uint32_t& next = observed.next_attempt[container.name];
    next = std::max(next, container.attempt + 1);
    observed.containers.push_back(std::move(container));
  }
  co_return Result<>();
}

Task<Result<ObservedContainer>> RuntimeExecutor::read_container(std::string pod_id,
                                                                std::string id) {
  for (size_t tries = 0;; ++tries) {
    CO_TRY(const auto response, co_await context_.runtime.container_status(id, true));
    ObservedContainer container = observed_container(pod_id, response);
    const bool settled = container.pid == 0 || context_.is_alive(container.pid);
    if (settled || tries == kExitDelays.size()) co_return container;
    co_await context_.clock.sleep(kExitDelays[tries]);
  }
}

Task<Result<>> RuntimeExecutor::observe_disk(const api::Sandbox& sandbox, Observed& observed) {
  auto look = [this, uid = sandbox.metadata.uid, logs = log_directory(sandbox),
               spec = sandbox.spec.podTemplate.spec]() -> Result<Observed> {
    Observed seen;
    const auto state = context_.cgroups.state(uid);
    if (!state && state.error().code() != Code::kNotFound) return state.error();
    seen.cgroup = state.has_value();
    // The agent's death may have left it between, where some tasks run: it is frozen anew where it
    // is to be frozen.
    if (state && *state == FreezerState::kFreezing) CHECK_OK(context_.cgroups.thaw(uid));
    seen.frozen = state && *state == FreezerState::kFrozen;
    TRY(const VolumesOnDisk volumes, context_.volumes.on_disk(uid));
    seen.volumes_staged = volumes.staged;
    seen.data_on_disk = volumes.any;
    std::error_code unreadable;
    seen.logs = std::filesystem::exists(logs, unreadable) || unreadable;
    for (const auto& container : spec.containers) {
      seen.next_attempt[container.name] = attempt_after(names_in(logs + "/" + container.name));
    }
    return seen;
  };
  CO_TRY(observed, co_await offload(context_.pool, look));
  co_return Result<>();
}

}  // namespace sandboxlet::agent
