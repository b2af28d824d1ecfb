#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <random>

#include "kube/connection.h"
#include "kube/leader_elector.h"
#include "scheduler-shim/shim.h"
#include "telemetry/logging.h"
#include "telemetry/telemetry.h"

namespace {

using namespace sandboxlet;

constexpr int kWrongUsage = 2;

struct Options {
  std::string cluster = "in-cluster";
  std::string lease_namespace = "sandboxlet-system";
  std::string lease_name = "sandbox-shim";
  int lease_seconds = 15;
  std::string score = "LeastAllocated";
  std::string cluster_domain = "cluster.local";
  std::string guard_image = scheduler::ShimOptions().guards.image;
  std::string metrics_address = "127.0.0.1:9096";
  std::string log_level = "info";
  std::string log_format = "text";
};

// Another for each process, also for two on one machine.
std::string identity() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::random_device random;
  return fmt::format("{}_{:08x}{:08x}", host.data(), random(), random());
}

// Members stand in the order of need: each uses those above it, and goes before them.
class Program {
 public:
  Program(asio::io_context& io, const Options& options, const kube::ClusterConfig& config)
      : io_(io),
        options_(options),
        identity_(identity()),
        clock_(make_system_clock(io)),
        connection_(io, *clock_, config, pool_.get_executor()),
        events_(io, *clock_, connection_.client(), "sandboxlet.io/shim", identity_) {}
  ~Program() { pool_.join(); }

  Result<> start() {
    kube::ElectionOptions election;
    election.namespace_ = options_.lease_namespace;
    election.name = options_.lease_name;
    election.duration = std::chrono::seconds(options_.lease_seconds);
    election.identity = identity_;
    election.on_elected = [this] { lead(); };
    // What was decided here must not meet what another decides now.
    election.on_lost = [this] {
      failed_ = true;
      io_.stop();
    };
    elector_.emplace(io_, *clock_, connection_.client(), connection_.streams(), election);
    if (options_.metrics_address.empty()) return {};
    const HealthCheck core = core_check("core", io_, [] { return Result<>(); });
    const HealthCheck shim = core_check("shim", io_, [this] { return ready(); });
    TRY(telemetry_,
        HttpServer::start(options_.metrics_address,
                          telemetry({[this] { return metrics(); }, {core}, {core, shim}}))
            .wrap("--metrics-address"));
    return {};
  }

  // Lets go of the lease, then stops the loop. The shim stays until then: answers to what it has
  // asked for still come, and what it does meanwhile is held to the versions that it has seen.
  Task<void> stop() {
    events_.hasten();
    co_await elector_->release();
    io_.stop();
  }

  bool failed() const { return failed_; }

 private:
  void lead() {
    const scheduler::ControllerContext context{io_, *clock_, connection_.client(),
                                               connection_.streams(), events_};
    scheduler::ShimOptions options;
    if (options_.score == "MostAllocated") {
      options.scheduler.fit = scheduler::FitStrategy::kMostAllocated;
    }
    options.scheduler.seed = std::random_device{}();
    options.cluster_domain = options_.cluster_domain;
    options.guards = {options_.lease_namespace, options_.guard_image};
    shim_ = std::make_unique<scheduler::Shim>(context, options);
  }

  // One that waits to lead is ready to.
  Result<> ready() const { return shim_ ? shim_->ready() : Result<>(); }

  // Asked on the server's thread.
  std::string metrics() {
    return ask_core<std::string>(io_, [this] { return metrics_text(); }).value_or("");
  }

  std::string metrics_text() const {
    std::string text =
        fmt::format("# TYPE sandbox_shim_leader gauge\nsandbox_shim_leader {}\n", shim_ ? 1 : 0);
    if (!shim_) return text;
    const scheduler::Binder& binder = shim_->binder();
    const auto sizes = binder.waiting();
    text += "# TYPE sandbox_shim_bound_total counter\n";
    text += fmt::format("sandbox_shim_bound_total {}\n", binder.bound());
    text += "# TYPE sandbox_shim_pending gauge\n";
    text += fmt::format("sandbox_shim_pending{{queue=\"active\"}} {}\n", sizes.active);
    text += fmt::format("sandbox_shim_pending{{queue=\"backoff\"}} {}\n", sizes.backing_off);
    text += fmt::format("sandbox_shim_pending{{queue=\"unschedulable\"}} {}\n", sizes.waiting);
    text += fmt::format("sandbox_shim_pending{{queue=\"binding\"}} {}\n", sizes.in_flight);
    return text;
  }

  asio::io_context& io_;
  const Options options_;
  const std::string identity_;
  asio::thread_pool pool_{1};
  std::unique_ptr<Clock> clock_;
  kube::Connection connection_;
  kube::EventRecorder events_;
  std::unique_ptr<scheduler::Shim> shim_;
  std::optional<kube::LeaderElector> elector_;
  std::unique_ptr<HttpServer> telemetry_;
  bool failed_ = false;
};

int run(const Options& options) {
  start_logging(options.log_level, options.log_format);
  const auto config = kube::cluster_config(options.cluster);
  if (!config) {
    spdlog::critical("--cluster: {}", config.error().message());
    return 1;
  }
  asio::io_context io(1);
  Program program(io, options, *config);
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) asio::co_spawn(io, program.stop(), die_on_exception);
  });
  if (const auto started = program.start(); !started) {
    spdlog::critical("{}", started.error().message());
    return 1;
  }
  io.run();
  return program.failed() ? 1 : 0;
}

}  // namespace

// An exception is a bug, and ends the process with its trace.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Binds Sandboxes to the nodes of a cluster and makes them reachable. Several may run; one of "
      "them leads.");
  app.set_version_flag("--version", std::string("sandbox-shim ") + SANDBOXLET_VERSION);
  app.add_option("--cluster", options.cluster, "in-cluster, or a kubeconfig's path")
      ->capture_default_str();
  app.add_option("--lease-namespace", options.lease_namespace, "Where the leader's lease is")
      ->capture_default_str();
  app.add_option("--lease-name", options.lease_name, "The leader's lease")->capture_default_str();
  app.add_option("--lease-seconds", options.lease_seconds,
                 "How long the lease lasts: as long may be nothing bound after a leader's death")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_option("--score", options.score,
                 "Which nodes are better: LeastAllocated spreads, MostAllocated packs")
      ->check(CLI::IsMember({"LeastAllocated", "MostAllocated"}))
      ->capture_default_str();
  app.add_option("--cluster-domain", options.cluster_domain,
                 "What the names of Services end with, as the cluster's DNS has it")
      ->capture_default_str();
  app.add_option("--guard-image", options.guard_image,
                 "Of the Pods, beside the lease, by which kubectl drain is held until no Sandbox "
                 "runs on the node any more; empty: none")
      ->capture_default_str();
  app.add_option("--metrics-address", options.metrics_address,
                 "host:port of /metrics, /healthz and /readyz; empty: none")
      ->capture_default_str();
  app.add_option("--log-level", options.log_level, "trace, debug, info, warn or error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_option("--log-format", options.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  return run(options);
}
