#include "scheduler-shim/requests.h"

#include <algorithm>

#include "base/quantity.h"

namespace sandboxlet::scheduler {

namespace {

// Upstream's defaults where a container requests nothing, for scores alone.
constexpr int64_t kScoringMilliCpu = 100;
constexpr int64_t kScoringMemory = int64_t{200} << 20;

Resources as_written(const ContainerRequests& container) { return container.requests; }

Resources as_scored(const ContainerRequests& container) {
  Resources requests;
  requests.milli_cpu = container.has_cpu ? container.requests.milli_cpu : kScoringMilliCpu;
  requests.memory = container.has_memory ? container.requests.memory : kScoringMemory;
  return requests;
}

template <class Of>
Resources sum_of_containers(const RequestsByContainer& pod, const Of& of) {
  Resources running;
  for (const auto& container : pod.containers) running.add(of(container));
  Resources sidecars;
  Resources starting;
  for (const auto& init : pod.init) {
    Resources at_this_step = of(init.container);
    at_this_step.add(sidecars);
    if (init.sidecar) {
      sidecars = at_this_step;
      running.add(of(init.container));
    }
    starting.raise_to(at_this_step);
  }
  running.raise_to(starting);
  return running;
}

// Core's defaults: where only a limit is written at the pod's level, the containers' requests count
// if there are any, else that limit.
int64_t at_pod_level(bool written, int64_t pod_level, int64_t containers, bool any_container,
                     int64_t limit) {
  if (written) return pod_level;
  return any_container || limit == 0 ? containers : limit;
}

bool any_has(const RequestsByContainer& pod, bool ContainerRequests::*has) {
  return std::any_of(pod.containers.begin(), pod.containers.end(),
                     [&](const auto& one) { return one.*has; }) ||
         std::any_of(pod.init.begin(), pod.init.end(),
                     [&](const auto& one) { return one.container.*has; });
}

void apply_pod_level(const RequestsByContainer& pod, Resources& total) {
  total.milli_cpu =
      at_pod_level(pod.pod_level_cpu, pod.pod_level.milli_cpu, total.milli_cpu,
                   any_has(pod, &ContainerRequests::has_cpu), pod.pod_level_limits.milli_cpu);
  total.memory =
      at_pod_level(pod.pod_level_memory, pod.pod_level.memory, total.memory,
                   any_has(pod, &ContainerRequests::has_memory), pod.pod_level_limits.memory);
  for (const auto& [name, amount] : pod.pod_level.extended) total.extended_slot(name) = amount;
}

void hold_at_maximum(Resources& total) {
  total.milli_cpu = std::min(total.milli_cpu, kMaxQuantity);
  total.memory = std::min(total.memory, kMaxQuantity);
  total.ephemeral_storage = std::min(total.ephemeral_storage, kMaxQuantity);
  for (auto& [name, amount] : total.extended) amount = std::min(amount, kMaxQuantity);
}

int64_t read_quantity(JsonReader& reader, std::string_view name, const std::string& text,
                      bool milli) {
  const auto quantity = Quantity::parse(text);
  if (!quantity || quantity->is_negative()) {
    reader.fail(name, quantity ? "must be greater than or equal to 0" : quantity.error().message());
    return 0;
  }
  return std::min(milli ? quantity->milli_value() : quantity->value(), kMaxQuantity);
}

}  // namespace

PodRequests pod_requests(const RequestsByContainer& pod) {
  PodRequests result;
  result.requests = sum_of_containers(pod, as_written);
  apply_pod_level(pod, result.requests);
  result.requests.add(pod.overhead);
  result.requests.pods = 1;
  hold_at_maximum(result.requests);

  Resources scored = sum_of_containers(pod, as_scored);
  apply_pod_level(pod, scored);
  scored.add(pod.overhead);
  hold_at_maximum(scored);
  result.scoring_milli_cpu = scored.milli_cpu;
  result.scoring_memory = scored.memory;
  return result;
}

Resources read_resources(JsonReader& reader, const Json& in, std::string_view name) {
  Resources all;
  for (const auto& [resource, text] : reader.quantities(in, name)) {
    const int64_t amount = read_quantity(reader, name, text, resource == "cpu");
    if (resource == "cpu") {
      all.milli_cpu = amount;
    } else if (resource == "memory") {
      all.memory = amount;
    } else if (resource == "ephemeral-storage") {
      all.ephemeral_storage = amount;
    } else if (resource == "pods") {
      all.pods = amount;
    } else if (amount > 0) {
      all.extended_slot(resource) = amount;
    }
  }
  return all;
}

ContainerRequests read_requests(JsonReader& reader, const Json& in) {
  ContainerRequests container;
  reader.object(in, "resources", [&](const Json& resources) {
    container.requests = read_resources(reader, resources, "requests");
    container.requests.pods = 0;
    const Resources limits = read_resources(reader, resources, "limits");
    const auto requested = [&](const char* name) {
      return reader.has(resources, "requests") && reader.has(resources["requests"], name);
    };
    const auto limited = [&](const char* name) {
      return reader.has(resources, "limits") && reader.has(resources["limits"], name);
    };
    auto& requests = container.requests;
    if (!requested("cpu")) requests.milli_cpu = limits.milli_cpu;
    if (!requested("memory")) requests.memory = limits.memory;
    if (!requested("ephemeral-storage")) requests.ephemeral_storage = limits.ephemeral_storage;
    for (const auto& [name, amount] : limits.extended) {
      if (!requested(name.c_str())) requests.extended_slot(name) = amount;
    }
    container.has_cpu = requested("cpu") || limited("cpu");
    container.has_memory = requested("memory") || limited("memory");
  });
  return container;
}

}  // namespace sandboxlet::scheduler
