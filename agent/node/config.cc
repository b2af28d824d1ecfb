#include "agent/node/config.h"

#include <sys/un.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <vector>

#include "api/time.h"
#include "base/quantity.h"

namespace sandboxlet::agent {

namespace {

// One key: how it is read into a Config, how it is written, and what it means.
struct Key {
  const char* name;
  const char* meaning;
  std::function<Result<>(Config&, const std::string&)> read;
  std::function<std::string(const Config&)> write;
};

Error bad(const std::string& value, const std::string& why) {
  return Error(Code::kInvalidArgument, "Invalid value: \"" + value + "\": " + why);
}

// As Go writes it, in the largest unit that keeps it whole.
std::string duration_text(Duration duration) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (milliseconds % 60'000 == 0) return std::to_string(milliseconds / 60'000) + "m";
  if (milliseconds % 1000 == 0) return std::to_string(milliseconds / 1000) + "s";
  return std::to_string(milliseconds) + "ms";
}

std::string quoted(const std::string& text) {
  YAML::Emitter out;
  out << YAML::DoubleQuoted << text;
  return out.c_str();
}

Key text(const char* name, const char* meaning, std::string Config::*member) {
  return {name, meaning,
          [=](Config& config, const std::string& value) {
            config.*member = value;
            return Result<>();
          },
          [=](const Config& config) { return quoted(config.*member); }};
}

Key path(const char* name, const char* meaning, std::string Config::*member, bool required) {
  Key key = text(name, meaning, member);
  key.read = [=](Config& config, const std::string& value) -> Result<> {
    const bool absolute = value.starts_with('/') && (value + "/").find("/../") == std::string::npos;
    if (!absolute && (required || !value.empty())) return bad(value, "must be an absolute path");
    config.*member = value;
    return {};
  };
  return key;
}

Key choice(const char* name, const char* meaning, std::string Config::*member,
           std::vector<std::string> choices) {
  Key key = text(name, meaning, member);
  key.read = [member, choices = std::move(choices)](Config& config,
                                                    const std::string& value) -> Result<> {
    std::string all;
    for (const auto& one : choices) {
      if (one == value) return (config.*member = value, Result<>());
      all += (all.empty() ? "" : ", ") + one;
    }
    return bad(value, "must be one of " + all);
  };
  return key;
}

Key duration(const char* name, const char* meaning, Duration Config::*member) {
  return {name, meaning,
          [=](Config& config, const std::string& value) -> Result<> {
            const auto parsed = api::parse_duration(value);
            if (!parsed || *parsed < std::chrono::milliseconds(1)) {
              return bad(value, "must be a duration of at least 1ms, like 30s or 5m");
            }
            config.*member = *parsed;
            return {};
          },
          [=](const Config& config) { return duration_text(config.*member); }};
}

using Wait = std::optional<Duration>;

Key optional_duration(const char* name, const char* meaning, Wait Config::*member) {
  return {name, meaning,
          [=](Config& config, const std::string& value) -> Result<> {
            if (value.empty()) return (config.*member).reset(), Result<>();
            const auto parsed = api::parse_duration(value);
            if (!parsed || *parsed < std::chrono::seconds(1)) {
              return bad(value, "must be a duration of at least 1s, like 5m or 24h, or empty");
            }
            config.*member = *parsed;
            return {};
          },
          [=](const Config& config) {
            return config.*member ? duration_text(*(config.*member)) : "\"\"";
          }};
}

// In thousandths of a processor.
Key processors(const char* name, const char* meaning, int64_t Config::*member) {
  return {name, meaning,
          [=](Config& config, const std::string& value) -> Result<> {
            const auto parsed = Quantity::parse(value);
            if (!parsed || parsed->milli_value() <= 0) {
              return bad(value, "must be a quantity greater than 0, like 10m");
            }
            config.*member = parsed->milli_value();
            return {};
          },
          [=](const Config& config) { return std::to_string(config.*member) + "m"; }};
}

Result<int64_t> positive(const std::string& value) {
  const auto parsed = Quantity::parse(value);
  if (!parsed || parsed->value() <= 0) return bad(value, "must be a quantity greater than 0");
  return parsed->value();
}

Key quantity(const char* name, const char* meaning, int64_t Config::*member) {
  return {name, meaning,
          [=](Config& config, const std::string& value) -> Result<> {
            TRY(config.*member, positive(value));
            return {};
          },
          [=](const Config& config) { return std::to_string(config.*member); }};
}

Key percent(const char* name, const char* meaning, int64_t Config::*member) {
  Key key = quantity(name, meaning, member);
  key.read = [=](Config& config, const std::string& value) -> Result<> {
    TRY(const int64_t number, positive(value));
    if (number > 100) return bad(value, "must be at most 100");
    config.*member = number;
    return {};
  };
  return key;
}

Key count(const char* name, const char* meaning, int64_t Config::*member, int64_t least) {
  Key key = quantity(name, meaning, member);
  key.read = [=](Config& config, const std::string& value) -> Result<> {
    TRY(const int64_t number, positive(value));
    if (number < least) return bad(value, "must be at least " + std::to_string(least));
    config.*member = number;
    return {};
  };
  return key;
}

using Limit = std::optional<int64_t>;

Result<> read_limit(Limit& limit, const std::string& value) {
  if (value.empty()) return limit.reset(), Result<>();
  TRY(limit, positive(value));
  return {};
}

std::string write_limit(const Limit& limit) { return limit ? std::to_string(*limit) : "\"\""; }

Key limit(const char* name, const char* meaning, Limit CgroupLimits::*member) {
  return {name, meaning,
          [=](Config& config, const std::string& value) {
            return read_limit(config.pool.*member, value);
          },
          [=](const Config& config) { return write_limit(config.pool.*member); }};
}

Key limit(const char* name, const char* meaning, Limit Config::*member) {
  return {
      name, meaning,
      [=](Config& config, const std::string& value) { return read_limit(config.*member, value); },
      [=](const Config& config) { return write_limit(config.*member); }};
}

const std::vector<Key>& keys() {
  static const std::vector<Key> all{
      text("nodeName", "this node's name; empty: the hostname", &Config::node_name),
      text("cluster",
           "where Sandboxes come from: in-cluster, a kubeconfig's path, or empty: the local socket",
           &Config::cluster),
      count("maxSandboxes", "how many Sandboxes the cluster may bind to this node",
            &Config::max_sandboxes, 1),
      path("dataRoot", "the store, volumes and kept data", &Config::data_root, true),
      limit("localVolumes",
            "what the volumes of claims may have together on this node's disk, like 100Gi; empty: "
            "what the disk has",
            &Config::local_volumes),
      path("logRoot", "containers' logs: <namespace>_<name>_<uid>/<container>/<attempt>.log",
           &Config::log_root, true),
      path("socket", "the local API, for root (0600)", &Config::socket, true),
      text("socketGroup", "a group that may use it as well (0660)", &Config::socket_group),
      path("observerSocket", "a socket that changes nothing; empty: none", &Config::observer_socket,
           false),
      text("observerGroup", "the group that may use it", &Config::observer_group),
      text("runtimeEndpoint", "CRI of a containerd that no kubelet uses",
           &Config::runtime_endpoint),
      duration("runtimeRequestTimeout", "how long a call that changes something may take",
               &Config::runtime_request_timeout),
      path("cgroupRoot", "the cgroup that holds all Sandboxes: the pool", &Config::cgroup_root,
           true),
      limit("poolCpuShares", "the pool's cpu.shares; empty: the system's default",
            &CgroupLimits::cpu_shares),
      limit("poolMemoryLimit", "the pool's memory, like 16Gi; empty: no limit",
            &CgroupLimits::memory_bytes),
      limit("poolPidsLimit", "the pool's processes; empty: no limit", &CgroupLimits::pids),
      optional_duration(
          "hibernateAfter",
          "how long after its suspension a Sandbox is hibernated by itself, where its "
          "spec lets it go so deep; empty: never",
          &Config::hibernate_after),
      optional_duration("stopAfter", "the same for Stop", &Config::stop_after),
      optional_duration("terminateAfter", "the same for Terminate", &Config::terminate_after),
      processors(
          "idleCpu",
          "a Sandbox that uses less of a processor than this, and moves no data, has no work",
          &Config::idle_milli_cpu),
      quantity(
          "memoryLow",
          "memory is short where less than this is available on the node: suspended Sandboxes go "
          "deeper, and resumes that take memory wait",
          &Config::memory_low),
      percent("memoryStallHigh",
              "it is short too where some process stood still for want of it for more than so many "
              "percent of ten seconds",
              &Config::memory_stall_high),
      duration("relistPeriod", "how often the runtime is asked for what events missed",
               &Config::relist_period),
      quantity("containerLogMaxSize",
               "a log that is larger when it is looked at, each second, is rotated",
               &Config::container_log_max_size),
      count("containerLogMaxFiles",
            "how many files a log may have, 2 or more; the oldest are removed",
            &Config::container_log_max_files, 2),
      duration("crashLoopBackoff", "the first wait before a container is restarted again",
               &Config::crash_loop_backoff),
      duration("crashLoopBackoffMax", "the longest", &Config::crash_loop_backoff_max),
      duration("imagePullBackoff", "the first wait before a failed pull is tried again",
               &Config::image_pull_backoff),
      duration("imagePullBackoffMax", "the longest", &Config::image_pull_backoff_max),
      text("metricsAddress", "host:port of /metrics, /healthz and /readyz; empty: none",
           &Config::metrics_address),
      choice("logLevel", "trace, debug, info, warn or error", &Config::log_level,
             {"trace", "debug", "info", "warn", "error"}),
      choice("logFormat", "text or json", &Config::log_format, {"text", "json"}),
  };
  return all;
}

Result<> read_key(Config& config, const std::string& name, const YAML::Node& value) {
  for (const Key& key : keys()) {
    if (key.name != name) continue;
    if (!value.IsScalar() && !value.IsNull()) return bad("", "must be a single value");
    return key.read(config, value.IsNull() ? "" : value.Scalar());
  }
  return Error(Code::kInvalidArgument, "unknown key");
}

Result<> check_cgroup_root(const Config& config) {
  const std::string& root = config.cgroup_root;
  const bool one_level = root.size() > 1 && root.find('/', 1) == std::string::npos;
  if (one_level && root[1] != '.') return {};
  return bad(root, "must be one level below the root, like /sandboxlet");
}

Result<> check_endpoint(const Config& config) {
  const std::string& endpoint = config.runtime_endpoint;
  if (endpoint.starts_with("unix:///") || endpoint.starts_with("/")) return {};
  return bad(endpoint, "must be a unix socket, like unix:///run/containerd/containerd.sock");
}

Result<> check_metrics(const Config& config) {
  const std::string& address = config.metrics_address;
  const size_t colon = address.rfind(':');
  const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
  const bool number = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos;
  if (address.empty() || (number && std::stoi(port) <= 65535)) return {};
  return bad(address, "must be host:port");
}

Result<> check_sockets(const Config& config) {
  constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
  if (config.observer_socket == config.socket) {
    return bad(config.observer_socket, "must be another one than socket");
  }
  if (config.observer_socket.size() <= kMaxPath) return {};
  return bad(config.observer_socket, "is longer than a socket's path may be");
}

Result<> check_socket(const Config& config) {
  if (config.socket.size() < sizeof(sockaddr_un::sun_path)) return {};
  return bad(config.socket, "is longer than a socket's path may be");
}

Result<> check_crash_back_off(const Config& config) {
  if (config.crash_loop_backoff <= config.crash_loop_backoff_max) return {};
  return bad(duration_text(config.crash_loop_backoff_max), "must not be below crashLoopBackoff");
}

Result<> check_pull_back_off(const Config& config) {
  if (config.image_pull_backoff <= config.image_pull_backoff_max) return {};
  return bad(duration_text(config.image_pull_backoff_max), "must not be below imagePullBackoff");
}

Result<> check_stop_after(const Config& config) {
  if (!config.hibernate_after || !config.stop_after) return {};
  if (*config.hibernate_after <= *config.stop_after) return {};
  return bad(duration_text(*config.stop_after), "must not be below hibernateAfter");
}

Result<> check_terminate_after(const Config& config) {
  if (!config.terminate_after) return {};
  for (const Wait& before : {config.hibernate_after, config.stop_after}) {
    if (!before || *before <= *config.terminate_after) continue;
    return bad(duration_text(*config.terminate_after),
               "must not be below hibernateAfter or stopAfter");
  }
  return {};
}

// What a value alone does not show.
struct Check {
  const char* key;
  Result<> (*check)(const Config&);
};
constexpr Check kChecks[] = {{"cgroupRoot", check_cgroup_root},
                             {"runtimeEndpoint", check_endpoint},
                             {"metricsAddress", check_metrics},
                             {"socket", check_socket},
                             {"observerSocket", check_sockets},
                             {"crashLoopBackoffMax", check_crash_back_off},
                             {"imagePullBackoffMax", check_pull_back_off},
                             {"stopAfter", check_stop_after},
                             {"terminateAfter", check_terminate_after}};

}  // namespace

Result<Config> parse_config(std::string_view yaml) {
  YAML::Node root;
  try {
    root = YAML::Load(std::string(yaml));
  } catch (const YAML::Exception& error) {
    return Error(Code::kInvalidArgument, error.what());
  }
  Config config;
  if (root.IsNull()) return config;
  if (!root.IsMap()) return Error(Code::kInvalidArgument, "must be a mapping of keys to values");
  std::string errors;
  const auto note = [&errors](const std::string& key, const Result<>& result) {
    if (!result) errors += (errors.empty() ? "" : "\n") + key + ": " + result.error().message();
  };
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    note(name, read_key(config, name, entry.second));
    if (!seen.insert(name).second) note(name, Error(Code::kInvalidArgument, "is there twice"));
  }
  for (const auto& [key, check] : kChecks) note(key, check(config));
  if (!errors.empty()) return Error(Code::kInvalidArgument, errors);
  return config;
}

Result<Config> load_config(const std::string& path) {
  std::ifstream file(path);
  if (!file) return errno_error(path);
  std::ostringstream text;
  text << file.rdbuf();
  return parse_config(text.str()).wrap(path);
}

std::string print_config(const Config& config) {
  std::string text;
  for (const Key& key : keys()) {
    text += "# " + std::string(key.meaning) + "\n";
    text += std::string(key.name) + ": " + key.write(config) + "\n";
  }
  return text;
}

}  // namespace sandboxlet::agent
