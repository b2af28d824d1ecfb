#pragma once

#include <cstdint>
#include <optional>

#include "api/pod.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::agent {

namespace v1 = ::runtime::v1;

// Resource requests and limits as cgroup values. Pure; the quantities are valid already (the API
// refuses others). Source: kubelet cm/helpers_linux.go, kuberuntime_container_linux.go,
// qos/policy.go.

enum class QosClass { kGuaranteed, kBurstable, kBestEffort };
QosClass qos_class(const api::PodSpec& spec);

// Milli-CPUs to cpu.shares: m*1024/1000 within [2, 262144]; 2 for none.
int64_t cpu_shares(int64_t milli_cpu);
// Milli-CPUs to microseconds of each period of 100 ms, at least 1000; 0 (no limit) for none.
int64_t cpu_quota(int64_t milli_cpu);
inline constexpr int64_t kCpuPeriod = 100'000;

// Limits of a Sandbox's own cgroup; an unset one is not limited there.
struct PodResources {
  int64_t cpu_shares = 2;
  std::optional<int64_t> cpu_quota;
  std::optional<int64_t> memory_limit;
  bool operator==(const PodResources&) const = default;
};
PodResources pod_resources(const api::PodSpec& spec);

// Limits of one container. node_memory, bytes, is what Burstable containers' OOM score is measured
// against.
v1::LinuxContainerResources container_resources(const api::PodSpec& spec,
                                                const api::Container& container,
                                                int64_t node_memory);

}  // namespace sandboxlet::agent
