#include "agent/sandbox/readback.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "agent/pod/labels.h"

namespace sandboxlet::agent {

namespace {

WallTime wall(int64_t nanoseconds) { return WallTime(std::chrono::nanoseconds(nanoseconds)); }

template <class Number>
Number number(std::string_view text) {
  Number value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// containerd: the verbose status's "info" is a JSON object with the init process's "pid".
pid_t pid_in(const google::protobuf::Map<std::string, std::string>& info) {
  const auto found = info.find("info");
  if (found == info.end()) return 0;
  const auto json = nlohmann::json::parse(found->second, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return 0;
  const auto pid = json.find("pid");
  return pid != json.end() && pid->is_number_integer() ? pid->get<pid_t>() : 0;
}

}  // namespace

ContainerState container_state(::runtime::v1::ContainerState state) {
  switch (state) {
    case ::runtime::v1::CONTAINER_CREATED:
      return ContainerState::kCreated;
    case ::runtime::v1::CONTAINER_RUNNING:
      return ContainerState::kRunning;
    case ::runtime::v1::CONTAINER_EXITED:
      return ContainerState::kExited;
    default:
      return ContainerState::kUnknown;
  }
}

ObservedPod observed_pod(const ::runtime::v1::PodSandbox& pod) {
  ObservedPod observed;
  observed.id = pod.id();
  observed.attempt = pod.metadata().attempt();
  observed.ready = pod.state() == ::runtime::v1::SANDBOX_READY;
  return observed;
}

std::vector<std::string> pod_ips(const ::runtime::v1::PodSandboxStatus& status) {
  std::vector<std::string> ips;
  if (!status.network().ip().empty()) ips.push_back(status.network().ip());
  for (const auto& more : status.network().additional_ips()) ips.push_back(more.ip());
  return ips;
}

ObservedContainer observed_container(const std::string& pod_id,
                                     const ::runtime::v1::ContainerStatusResponse& response) {
  const auto& status = response.status();
  ObservedContainer observed;
  observed.name = status.metadata().name();
  observed.id = status.id();
  observed.pod_id = pod_id;
  observed.attempt = status.metadata().attempt();
  if (const auto count = status.annotations().find(kRestartCountAnnotation);
      count != status.annotations().end()) {
    observed.restart_count = number<int32_t>(count->second);
  }
  observed.state = container_state(status.state());
  if (observed.state == ContainerState::kRunning) observed.pid = pid_in(response.info());
  observed.started = wall(status.started_at());
  observed.finished = wall(status.finished_at());
  observed.exit_code = status.exit_code();
  observed.reason = status.reason();
  observed.message = status.message();
  return observed;
}

uint32_t attempt_after(const std::vector<std::string>& log_files) {
  uint32_t next = 0;
  for (const std::string& file : log_files) {
    const size_t digits = file.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string::npos || file.compare(digits, 4, ".log") != 0)
      continue;
    next = std::max(next, number<uint32_t>(file) + 1);
  }
  return next;
}

}  // namespace sandboxlet::agent
