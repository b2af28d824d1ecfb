#include "agent/agent.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/thread_pool.hpp>

#include "agent/claims/cluster_claims.h"
#include "agent/cluster/node_facts.h"
#include "agent/cluster/pod_security_admission.h"
#include "agent/cluster/pull_secrets.h"
#include "agent/cluster/registration.h"
#include "agent/container/exit_watch.h"
#include "agent/metrics/metrics.h"
#include "agent/node/machine.h"
#include "agent/rest/memory_watch.h"
#include "agent/rest/traffic.h"
#include "agent/rest/work_watch.h"
#include "agent/sandbox/running_logs.h"
#include "agent/sandbox/runtime_executor.h"
#include "agent/server/local_server.h"
#include "agent/source/api_source.h"
#include "agent/source/local_source.h"
#include "agent/suspend/depths.h"
#include "agent/traffic/data_counter.h"
#include "agent/watchdog/last_renewal.h"
#include "api/storage.h"
#include "cri/client.h"
#include "kube/connection.h"
#include "kube/event_recorder.h"
#include "kube/heartbeat.h"
#include "telemetry/telemetry.h"

namespace sandboxlet::agent {

namespace {

// Cgroups and looks at files of several Sandboxes side by side; each takes well under a
// millisecond.
constexpr size_t kPoolThreads = 4;
// Volumes and logs; a tree of a million files takes seconds, and no freeze waits for it.
constexpr size_t kDiskThreads = 2;
constexpr char kVersion[] = SANDBOXLET_VERSION;

std::string hostname() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

cri::ClientOptions client_options(const Config& config, cri::CallObserver observer) {
  cri::ClientOptions options;
  options.observer = std::move(observer);
  constexpr std::string_view kScheme = "unix://";
  options.socket = config.runtime_endpoint.starts_with(kScheme)
                       ? config.runtime_endpoint.substr(kScheme.size())
                       : config.runtime_endpoint;
  options.deadlines.change = config.runtime_request_timeout;
  return options;
}

BackoffLimits backoff_limits(const Config& config) {
  BackoffLimits limits;
  limits.crash.initial = config.crash_loop_backoff;
  limits.crash.max = config.crash_loop_backoff_max;
  limits.image.initial = config.image_pull_backoff;
  limits.image.max = config.image_pull_backoff_max;
  return limits;
}

DeepenAfter deepen_after(const Config& config) {
  DeepenAfter after;
  if (config.hibernate_after) after[api::Depth::kHibernate] = *config.hibernate_after;
  if (config.stop_after) after[api::Depth::kStop] = *config.stop_after;
  if (config.terminate_after) after[api::Depth::kTerminate] = *config.terminate_after;
  return after;
}

Result<WorkGauges::Counter> count_data(pid_t pid) {
  TRY(auto opened, DataCounter::open(pid));
  const std::shared_ptr<DataCounter> counter = std::move(opened);
  return WorkGauges::Counter([counter] { return counter->read(); });
}

// For each processor. Measured with 100 creates at once on two: as fast as all at once, and half of
// them are Ready in half the time.
constexpr size_t kPodsAtOnce = 4;

pb::NodeResponse describe_node(const std::string& name, const Cgroups& cgroups,
                               const NodeDepths& depths) {
  pb::NodeResponse node;
  node.set_name(name);
  node.set_version(kVersion);
  node.set_cgroup(std::string(to_string(cgroups.layout())));
  for (const api::Depth depth : depths.possible) node.add_depths(to_string(depth));
  for (const auto& [depth, why] : depths.missing) {
    (*node.mutable_depths_missing())[to_string(depth)] = why;
  }
  (*node.mutable_capacity())["cpu"] = std::to_string(machine_cpus());
  (*node.mutable_capacity())["memory"] = std::to_string(machine_memory());
  return node;
}

// What a node in a cluster has besides.
struct InCluster {
  InCluster(asio::io_context& io, Clock& clock, const kube::ClusterConfig& config,
            const std::string& node_name, asio::any_io_executor pool,
            const kube::HttpObserver& observer, PullSecrets::Tell tell)
      : connection(io, clock, config, std::move(pool), observer),
        recorder(io, clock, connection.client(), "sandboxlet.io/agent", "sandboxlet-" + node_name),
        admission(connection.client(), clock),
        secrets(connection.client(), std::move(tell)),
        storage(io, clock, connection.streams(), node_name) {}

  kube::Connection connection;
  kube::EventRecorder recorder;
  PodSecurityAdmission admission;
  PullSecrets secrets;
  NodeStorage storage;
  std::optional<LocalProvisioner> provisioner;
  std::optional<ClusterClaims> claims;
  // The agent's own.
  ApiSource* source = nullptr;
};

// What a node whose volumes cannot be counted has none of.
void add_local_storage(NodeFacts& facts, const Result<VolumeCapacity>& capacity) {
  if (!capacity) return spdlog::error("local volumes: {}", capacity.error().message());
  const std::string total = std::to_string(capacity->total);
  facts.capacity[api::kLocalStorageResource] = total;
  facts.allocatable[api::kLocalStorageResource] = total;
}

void tell_cluster(kube::EventRecorder& recorder, const EventRecord& record) {
  const kube::EventSubject subject{api::kSandboxApiVersion, api::kSandboxKind, record.namespace_,
                                   record.name, record.uid};
  recorder.record(
      subject, {record.text.warning, record.text.reason, record.text.reason, record.text.message});
}

// Members stand in the order of need: each uses those above it, and goes before them.
class Wired final : public Agent {
 public:
  Wired(asio::io_context& io, const Config& config, std::unique_ptr<Store> store,
        std::unique_ptr<Cgroups> cgroups, UniqueFd pool_lock,
        const std::optional<kube::ClusterConfig>& cluster)
      : io_(io),
        config_(config),
        node_name_(config.node_name.empty() ? hostname() : config.node_name),
        clock_(make_system_clock(io)),
        store_(std::move(store)),
        cgroups_(std::move(cgroups)),
        pool_lock_(std::move(pool_lock)),
        local_volumes_(config.data_root, config.local_volumes),
        volumes_(config.data_root, &local_volumes_),
        metrics_(kVersion),
        runtime_(client_options(config, [this](const auto& record) { note_call(record); })),
        events_(*clock_),
        cluster_(cluster ? make_cluster(*cluster) : nullptr),
        executor_(executor_context()),
        source_(make_source()),
        manager_(manager_context()),
        work_(work_context(), work_gauges(), config.idle_milli_cpu),
        memory_(memory_context()),
        rotator_(rotator_context()) {}

  ~Wired() override {
    rotator_.stop();
    work_.stop();
    memory_.stop();
    manager_.retire();
    pool_.join();
    memory_pool_.join();
    disk_pool_.join();
    records_.join();
  }

  Result<> start() {
    recover_volumes();
    CHECK_OK(source_->start(manager_));
    if (cluster_) join_cluster();
    follow_source();
    manager_.start();
    work_.start();
    memory_.start();
    rotator_.start();
    if (!config_.metrics_address.empty()) CHECK_OK(serve_telemetry());
    TRY(server_, LocalServer::start({config_.socket, config_.socket_group}, service(false)));
    if (!config_.observer_socket.empty()) {
      TRY(observers_,
          LocalServer::start({config_.observer_socket, config_.observer_group}, service(true)));
    }
    return {};
  }

 private:
  std::unique_ptr<InCluster> make_cluster(const kube::ClusterConfig& config) {
    auto note = [this](const kube::HttpRecord& record) {
      metrics_.api_request(record.method, record.status);
    };
    auto tell = [this](const api::ObjectMeta& sandbox, const EventText& text) {
      events_.add(sandbox, text);
    };
    auto cluster =
        std::make_unique<InCluster>(io_, *clock_, config, node_name_, disk_pool_.get_executor(),
                                    std::move(note), std::move(tell));
    auto& client = cluster->connection.client();
    const LocalProvisionerContext context{io_,
                                          *clock_,
                                          client,
                                          cluster->recorder,
                                          cluster->storage,
                                          local_volumes_,
                                          volumes_,
                                          disk_pool_.get_executor(),
                                          node_name_};
    cluster->provisioner.emplace(context);
    cluster->claims.emplace(client, *clock_, cluster->storage, *cluster->provisioner, node_name_);
    return cluster;
  }

  // What a life before this one was doing with them; those that are mounted stay so.
  void recover_volumes() {
    const auto recovered = local_volumes_.recover();
    if (!recovered) spdlog::error("local volumes: {}", recovered.error().message());
  }

  std::unique_ptr<Source> make_source() {
    if (!cluster_) return std::make_unique<LocalSource>(*store_, *clock_, events_, node_name_);
    auto& connection = cluster_->connection;
    const Duration age = age_of_renewal(config_.data_root).value_or(Duration());
    const ApiSourceContext context{io_,
                                   *clock_,
                                   events_,
                                   *store_,
                                   connection.client(),
                                   connection.streams(),
                                   node_name_,
                                   clock_->now() - age,
                                   kube::Heartbeat::kLasts,
                                   [this](FenceRecord record) { remember(std::move(record)); }};
    auto source = std::make_unique<ApiSource>(context);
    cluster_->source = source.get();
    return source;
  }

  void join_cluster() {
    recording_ = events_.listen(
        [this](const EventRecord& record) { tell_cluster(cluster_->recorder, record); });
    NodeFacts facts = fixed_facts(config_, node_name_, kVersion);
    add_local_storage(facts, local_volumes_.capacity());
    auto observe = [this, fixed = std::move(facts)]() mutable {
      fixed.depths.clear();
      for (const api::Depth depth : depths_.possible) fixed.depths.push_back(to_string(depth));
      fixed.depths_missing.clear();
      for (const auto& [depth, why] : depths_.missing) fixed.depths_missing[to_string(depth)] = why;
      return observe_node(fixed, runtime_);
    };
    registration_ = std::make_unique<Registration>(io_, *clock_, cluster_->connection.client(),
                                                   std::move(observe),
                                                   [this](TimePoint at) { lease_renewed(at); });
  }

  // Written down before it counts, as the watchdog goes by what is written.
  void lease_renewed(TimePoint asked_at) {
    asio::post(records_, [this, asked_at] {
      const auto saved = save_renewal(config_.data_root, *clock_, asked_at);
      if (saved) {
        asio::post(io_, [this, asked_at] { cluster_->source->lease_renewed(asked_at); });
      } else {
        spdlog::error("the lease's renewal does not count: {}", saved.error().message());
      }
    });
  }

  void remember(FenceRecord record) {
    asio::post(records_, [root = config_.data_root, record = std::move(record)] {
      const auto saved = save_fences(root, record);
      if (!saved) spdlog::warn("the watchdog does not know: {}", saved.error().message());
    });
  }

  ExecutorContext executor_context() {
    return {runtime_,
            *cgroups_,
            volumes_,
            *clock_,
            pool_.get_executor(),
            disk_pool_.get_executor(),
            memory_pool_.get_executor(),
            traffic_,
            config_.log_root,
            config_.cgroup_root,
            machine_memory(),
            is_alive,
            cluster_ ? &cluster_->admission : nullptr,
            cluster_ ? &cluster_->secrets : nullptr,
            cluster_ ? &*cluster_->claims : nullptr};
  }

  ManagerContext manager_context() {
    auto watch = [this](pid_t pid, std::function<void()> on_exit) {
      return watch_exit(io_, pid, std::move(on_exit));
    };
    return {io_,
            *clock_,
            executor_,
            runtime_,
            *cgroups_,
            pool_.get_executor(),
            *source_,
            watch,
            depths_.possible,
            deepen_after(config_),
            backoff_limits(config_),
            config_.cgroup_root,
            config_.relist_period,
            kPodsAtOnce * static_cast<size_t>(machine_cpus())};
  }

  WorkWatchContext work_context() {
    return {io_, *clock_, pool_.get_executor(), [this] { return manager_.watched_for_work(); },
            [this](const auto& subjects, const auto& found, TimePoint at) {
              return manager_.looked_for_work(subjects, found, at);
            }};
  }

  WorkGauges work_gauges() {
    return {[this](const std::string& uid) { return cgroups_->count_cpu(uid); }, count_data};
  }

  MemoryWatchContext memory_context() {
    const PressureLimits limits{static_cast<uint64_t>(config_.memory_low),
                                static_cast<double>(config_.memory_stall_high)};
    return {io_,
            *clock_,
            pool_.get_executor(),
            [] { return read_memory_facts(); },
            [this] { return cgroups_->pool_memory(); },
            limits,
            [this](const MemoryFacts& node, Pressure pressure) { memory_seen(node, pressure); }};
  }

  void memory_seen(const MemoryFacts& node, Pressure pressure) {
    NodeDepths depths = possible_depths(cgroups_->reclaim_support(), node);
    if (depths != depths_) {
      depths_ = std::move(depths);
      manager_.set_depths(depths_.possible);
    }
    manager_.set_memory_short(pressure == Pressure::kShort);
  }

  LogRotatorContext rotator_context() {
    return {io_,
            *clock_,
            runtime_,
            pool_.get_executor(),
            {config_.container_log_max_size, config_.container_log_max_files},
            [this] { return running_logs(manager_, config_.log_root); }};
  }

  ServiceContext service(bool read_only) {
    return {io_,
            *source_,
            events_,
            *clock_,
            *cgroups_,
            runtime_,
            execs_,
            pool_.get_executor(),
            [this] { return describe_node(node_name_, *cgroups_, depths_); },
            config_.log_root,
            read_only};
  }

  void note_call(const cri::CallRecord& record) {
    metrics_.runtime_call(record);
    runtime_answers_ = record.error != Code::kUnavailable;
  }

  void follow_source() {
    source_->set_records({[this](const api::Sandbox& sandbox, const OperationRecord& record) {
                            metrics_.operation(record);
                            if (record.given_back > 0)
                              metrics_.gave_back(sandbox.metadata.uid, record.given_back);
                          },
                          [this](const PassageRecord& record) { metrics_.passage(record); }});
    for (const auto& sandbox : source_->list("")) metrics_.changed(sandbox);
    following_ = source_->listen([this](ChangeType type, const SandboxPtr& sandbox) {
      if (type == ChangeType::kDeleted) return metrics_.deleted(sandbox->metadata.uid);
      metrics_.changed(*sandbox);
    });
  }

  Result<> serve_telemetry() {
    const HealthCheck core = core_check("core", io_, [] { return Result<>(); });
    const HealthCheck runtime = core_check("runtime", io_, [this]() -> Result<> {
      if (runtime_answers_) return {};
      return Error(Code::kUnavailable, "nobody answers on " + config_.runtime_endpoint);
    });
    const HealthCheck sandboxes = core_check("sandboxes", io_, [this] { return all_seen(); });
    const HealthCheck source = core_check("source", io_, [this] { return source_->connection(); });
    auto started = HttpServer::start(
        config_.metrics_address,
        telemetry(
            {[this] { return metrics_.text(); }, {core}, {core, runtime, sandboxes, source}}));
    TRY(telemetry_, std::move(started).wrap("metricsAddress"));
    spdlog::info("metrics and health on port {}", telemetry_->port());
    return {};
  }

  // Each was looked at in this life of the agent.
  Result<> all_seen() const {
    for (const auto& [uid, actor] : manager_.actors()) {
      if (actor->observed().known || !actor->is_idle()) continue;
      const auto& meta = actor->sandbox().metadata;
      return Error(Code::kUnavailable,
                   meta.namespace_ + "/" + meta.name + " could not be looked at yet");
    }
    return {};
  }

  asio::io_context& io_;
  const Config config_;
  const std::string node_name_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Cgroups> cgroups_;
  const UniqueFd pool_lock_;
  // As memory was last seen.
  NodeDepths depths_ =
      possible_depths(cgroups_->reclaim_support(), read_memory_facts().value_or(MemoryFacts()));
  LocalVolumes local_volumes_;
  Volumes volumes_;
  asio::thread_pool pool_{kPoolThreads};
  asio::thread_pool disk_pool_{kDiskThreads};
  // For what takes as long as there is memory.
  asio::thread_pool memory_pool_{1};
  // For what the watchdog reads: it must not wait for a volume.
  asio::thread_pool records_{1};
  Metrics metrics_;
  // As the last call to the runtime had it.
  bool runtime_answers_ = false;
  cri::Client runtime_;
  cri::ExecOpener execs_{runtime_};
  EventLog events_;
  // None without a cluster.
  std::unique_ptr<InCluster> cluster_;
  Traffic traffic_{io_, pool_.get_executor(), [this](const std::string& uid, WallTime at) {
                     if (const auto actor = manager_.find(uid)) actor->traffic(at);
                   }};
  RuntimeExecutor executor_;
  std::unique_ptr<Source> source_;
  Manager manager_;
  WorkWatch work_;
  MemoryWatch memory_;
  std::shared_ptr<void> recording_;
  std::unique_ptr<Registration> registration_;
  LogRotator rotator_;
  std::unique_ptr<LocalServer> server_;
  std::unique_ptr<LocalServer> observers_;
  std::shared_ptr<void> following_;
  std::unique_ptr<HttpServer> telemetry_;
};

}  // namespace

Result<std::unique_ptr<Agent>> Agent::start(asio::io_context& io, const Config& config) {
  std::optional<kube::ClusterConfig> cluster;
  if (!config.cluster.empty()) {
    TRY(cluster, kube::cluster_config(config.cluster).wrap("cluster"));
  }
  TRY(auto store, Store::open(config.data_root));
  TRY(auto cgroups, open_cgroups(config.cgroup_root, config.pool));
  TRY(auto lock, cgroups->lock());
  auto agent = std::make_unique<Wired>(io, config, std::move(store), std::move(cgroups),
                                       std::move(lock), cluster);
  CHECK_OK(agent->start());
  return std::unique_ptr<Agent>(std::move(agent));
}

}  // namespace sandboxlet::agent
