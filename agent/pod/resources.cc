#include "agent/pod/resources.h"

#include <algorithm>
#include <string>

#include "base/quantity.h"

namespace sandboxlet::agent {

namespace {

constexpr int64_t kMinShares = 2;
constexpr int64_t kMaxShares = 262'144;
constexpr int64_t kMinQuota = 1000;

// Nothing for a resource that is not named; what is no quantity never gets here.
std::optional<Quantity> amount(const api::StringMap& resources, const std::string& name) {
  const auto found = resources.find(name);
  if (found == resources.end()) return std::nullopt;
  auto parsed = Quantity::parse(found->second);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<Quantity> request(const api::Container& container, const std::string& name) {
  auto asked = amount(container.resources.requests, name);
  return asked ? asked : amount(container.resources.limits, name);
}

std::optional<Quantity> limit(const api::Container& container, const std::string& name) {
  return amount(container.resources.limits, name);
}

bool is_zero(const std::optional<Quantity>& quantity) {
  return !quantity || *quantity == Quantity();
}

// The sum over all containers; nothing where one of them has no limit.
std::optional<Quantity> sum_of_limits(const api::PodSpec& spec, const std::string& name) {
  Quantity sum;
  for (const auto& container : spec.containers) {
    const auto one = limit(container, name);
    if (is_zero(one)) return std::nullopt;
    sum = sum + *one;
  }
  return sum;
}

int64_t oom_score_adj(QosClass qos, const api::Container& container, int64_t node_memory) {
  if (qos == QosClass::kGuaranteed) return -997;
  if (qos == QosClass::kBestEffort || node_memory <= 0) return 1000;
  const int64_t wanted = request(container, "memory").value_or(Quantity()).value();
  const auto share = static_cast<double>(wanted) / static_cast<double>(node_memory);
  return std::clamp<int64_t>(1000 - static_cast<int64_t>(1000 * share), 3, 999);
}

}  // namespace

QosClass qos_class(const api::PodSpec& spec) {
  bool any = false;
  bool guaranteed = true;
  for (const auto& container : spec.containers) {
    for (const char* name : {"cpu", "memory"}) {
      const auto asked = request(container, name);
      const auto most = limit(container, name);
      any = any || !is_zero(asked) || !is_zero(most);
      guaranteed = guaranteed && !is_zero(most) && asked == most;
    }
  }
  if (!any) return QosClass::kBestEffort;
  return guaranteed ? QosClass::kGuaranteed : QosClass::kBurstable;
}

int64_t cpu_shares(int64_t milli_cpu) {
  if (milli_cpu <= 0) return kMinShares;
  return std::clamp(milli_cpu * 1024 / 1000, kMinShares, kMaxShares);
}

int64_t cpu_quota(int64_t milli_cpu) {
  if (milli_cpu <= 0) return 0;
  return std::max(milli_cpu * kCpuPeriod / 1000, kMinQuota);
}

PodResources pod_resources(const api::PodSpec& spec) {
  PodResources resources;
  if (qos_class(spec) == QosClass::kBestEffort) return resources;
  Quantity requested;
  for (const auto& container : spec.containers) {
    requested = requested + request(container, "cpu").value_or(Quantity());
  }
  resources.cpu_shares = cpu_shares(requested.milli_value());
  if (const auto cpu = sum_of_limits(spec, "cpu")) {
    resources.cpu_quota = cpu_quota(cpu->milli_value());
  }
  if (const auto memory = sum_of_limits(spec, "memory")) resources.memory_limit = memory->value();
  return resources;
}

v1::LinuxContainerResources container_resources(const api::PodSpec& spec,
                                                const api::Container& container,
                                                int64_t node_memory) {
  v1::LinuxContainerResources resources;
  resources.set_cpu_shares(
      cpu_shares(request(container, "cpu").value_or(Quantity()).milli_value()));
  resources.set_cpu_period(kCpuPeriod);
  resources.set_cpu_quota(cpu_quota(limit(container, "cpu").value_or(Quantity()).milli_value()));
  // No memory_swap_limit: the runtime then allows no swap, as under a kubelet, and a reclaim while
  // suspended opens it (agent/suspend/cgroups.h).
  resources.set_memory_limit_in_bytes(limit(container, "memory").value_or(Quantity()).value());
  resources.set_oom_score_adj(oom_score_adj(qos_class(spec), container, node_memory));
  return resources;
}

}  // namespace sandboxlet::agent
