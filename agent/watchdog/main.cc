#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <thread>

#include "agent/node/config.h"
#include "agent/watchdog/end_all.h"
#include "agent/watchdog/watchdog.h"
#include "telemetry/logging.h"

namespace {

using namespace sandboxlet;

constexpr int kWrongUsage = 2;
constexpr Duration kPeriod = std::chrono::seconds(1);
// Kubernetes' default of terminationGracePeriodSeconds; nobody knows a Sandbox's own here.
constexpr Duration kGrace = std::chrono::seconds(30);

// What goes wrong is told when it changes, not each second.
void note(const Result<>& looked, std::string& trouble) {
  const std::string now = looked ? "" : looked.error().message();
  if (now != trouble && !now.empty()) spdlog::error("{}", now);
  trouble = now;
}

int watch(agent::Cgroups& cgroups, const agent::Config& config) {
  agent::Watchdog watchdog(cgroups, config.data_root);
  spdlog::info("watching the Sandboxes in {}", config.cgroup_root);
  for (std::string trouble;; std::this_thread::sleep_for(kPeriod)) note(watchdog.look(), trouble);
}

int run(const agent::Config& config, bool ends_all) {
  start_logging(config.log_level, config.log_format);
  if (config.cluster.empty() && !ends_all) {
    spdlog::info("without a cluster no Sandbox is bound elsewhere: there is nothing to watch");
    return 0;
  }
  auto cgroups = agent::open_cgroups(config.cgroup_root, config.pool);
  if (!cgroups) {
    spdlog::critical("{}", cgroups.error().message());
    return 1;
  }
  if (!ends_all) return watch(**cgroups, config);
  const auto ended = agent::end_all(**cgroups, kGrace);
  if (!ended) spdlog::error("{}", ended.error().message());
  return ended ? 0 : 1;
}

}  // namespace

// An exception is a bug, and ends the process with its trace.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  CLI::App app(
      "Ends the Sandboxes of this node that may be bound to another while their agent is dead.");
  std::string file;
  bool ends_all = false;
  app.set_version_flag("--version", std::string("sandboxlet-watchdog ") + SANDBOXLET_VERSION);
  app.add_option("--config", file, "The agent's configuration")->type_name("FILE")->required();
  app.add_flag(
      "--end-all", ends_all,
      "End all Sandboxes of this node, as before it goes down: what is frozen at once, what "
      "runs within half a minute");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  const auto config = agent::load_config(file);
  if (!config) {
    std::cerr << "sandboxlet-watchdog: " << config.error().message() << "\n";
    return 1;
  }
  return run(*config, ends_all);
}
