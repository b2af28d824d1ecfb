#include "agent/pod/labels.h"
#include "agent/server/core_call.h"
#include "agent/server/service.h"
#include "agent/server/status_code.h"
#include "agent/server/timestamp.h"
#include "base/offload.h"

namespace sandboxlet::agent {

namespace {

using StatsByUid = std::map<std::string, pb::SandboxStats>;
using Containers = std::vector<::runtime::v1::ContainerStats>;

void add_container(pb::SandboxStats& to, const ::runtime::v1::ContainerStats& from) {
  pb::ContainerStats& stats = *to.add_containers();
  stats.set_name(from.attributes().metadata().name());
  stats.set_cpu_nanoseconds(from.cpu().usage_core_nano_seconds().value());
  stats.set_memory_working_set(from.memory().working_set_bytes().value());
  stats.set_rootfs_used(from.writable_layer().used_bytes().value());
}

// The Sandboxes that are asked for, with their names.
Result<StatsByUid> chosen(const Source& source, const Ref& ref) {
  StatsByUid stats;
  auto add = [&](const api::Sandbox& sandbox) {
    pb::SandboxStats& one = stats[sandbox.metadata.uid];
    one.mutable_ref()->set_namespace_(sandbox.metadata.namespace_);
    one.mutable_ref()->set_name(sandbox.metadata.name);
  };
  if (ref.name.empty()) {
    for (const auto& sandbox : source.list(ref.namespace_)) add(sandbox);
    return stats;
  }
  TRY(const api::Sandbox sandbox, source.get(ref));
  add(sandbox);
  return stats;
}

std::optional<Duration> idle_time(const Source& source, const pb::Ref& ref) {
  const auto actor = source.actor({ref.namespace_(), ref.name()});
  if (!actor) return std::nullopt;
  return (*actor)->idle_time();
}

}  // namespace

grpc::Status Service::Stats(grpc::ServerContext* client, const pb::StatsRequest* request,
                            pb::StatsResponse* response) {
  const Ref ref{request->ref().namespace_(), request->ref().name()};
  auto collect = [this, ref]() -> Task<Result<StatsByUid>> {
    CO_TRY(StatsByUid stats, chosen(context_.source, ref));
    const ::runtime::v1::ContainerStatsFilter all;
    // What the runtime does not tell, the cgroups do not need.
    const auto containers = co_await context_.runtime.list_container_stats(all);
    for (const auto& container : containers.value_or(Containers())) {
      const auto& labels = container.attributes().labels();
      const auto uid = labels.find(kPodUidLabel);
      if (uid == labels.end()) continue;
      const auto found = stats.find(uid->second);
      if (found != stats.end()) add_container(found->second, container);
    }
    for (auto& [uid, one] : stats) {
      auto look = [this, uid = uid] { return context_.cgroups.usage(uid); };
      const auto usage = co_await offload(context_.pool, look);
      set_timestamp(*one.mutable_time(), context_.clock.wall());
      if (const auto idle = idle_time(context_.source, one.ref())) {
        one.mutable_idle()->set_seconds(
            std::chrono::duration_cast<std::chrono::seconds>(*idle).count());
      }
      // One without a pod uses nothing.
      if (!usage) continue;
      one.set_cpu_nanoseconds(usage->cpu_nanoseconds);
      one.set_memory_working_set(usage->memory_working_set);
      one.set_memory_swapped(usage->memory_swapped);
      one.set_processes(usage->processes);
    }
    co_return stats;
  };
  auto stats = call_core(context_.io, *client, collect);
  if (!stats) return to_grpc(stats.error());
  for (auto& [uid, one] : *stats) *response->add_sandboxes() = std::move(one);
  return grpc::Status::OK;
}

}  // namespace sandboxlet::agent
