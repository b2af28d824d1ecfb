#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/suspend/cgroups.h"
#include "base/clock.h"
#include "base/result.h"

namespace sandboxlet::agent {

// How an agent runs; each key has a default. The file is YAML with these keys in camelCase.
struct Config {
  // Empty: the machine's hostname.
  std::string node_name;
  // "in-cluster", or a kubeconfig's path; empty: no cluster.
  std::string cluster;
  int64_t max_sandboxes = 250;
  std::string data_root = "/var/lib/sandboxlet";
  // Bytes; none: what the disk has.
  std::optional<int64_t> local_volumes;
  std::string log_root = "/var/log/sandboxlet/pods";
  std::string socket = "/run/sandboxlet/sandboxlet.sock";
  std::string socket_group;
  // Empty: no socket for observers.
  std::string observer_socket;
  std::string observer_group;
  std::string runtime_endpoint = "unix:///run/sandboxlet/containerd/containerd.sock";
  Duration runtime_request_timeout = std::chrono::minutes(2);
  std::string cgroup_root = "/sandboxlet";
  CgroupLimits pool;
  // How long after its suspension a Sandbox goes deeper by itself; none: never.
  std::optional<Duration> hibernate_after;
  std::optional<Duration> stop_after;
  std::optional<Duration> terminate_after;
  // Thousandths of a processor; who uses less, and moves no data, has no work.
  int64_t idle_milli_cpu = 10;
  // Bytes; memory is short where less is available on the node.
  int64_t memory_low = int64_t{256} << 20;
  // Percent of the last ten seconds; it is short too where some task stood still for longer.
  int64_t memory_stall_high = 20;
  Duration relist_period = std::chrono::seconds(5);
  int64_t container_log_max_size = 10 << 20;
  int64_t container_log_max_files = 5;
  Duration crash_loop_backoff = std::chrono::seconds(10);
  Duration crash_loop_backoff_max = std::chrono::minutes(5);
  Duration image_pull_backoff = std::chrono::seconds(10);
  Duration image_pull_backoff_max = std::chrono::minutes(5);
  // host:port; empty: no metrics.
  std::string metrics_address = "127.0.0.1:9095";
  // trace, debug, info, warn, error.
  std::string log_level = "info";
  // text or json.
  std::string log_format = "text";
};

// Every error in one message, each with its key; unknown keys are refused.
Result<Config> parse_config(std::string_view yaml);
Result<Config> load_config(const std::string& path);

// All keys with their values and what they mean, as a file that parse_config takes.
std::string print_config(const Config& config);

}  // namespace sandboxlet::agent
