#include <malloc.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "agent/agent.h"
#include "telemetry/logging.h"

namespace {

using namespace sandboxlet;

constexpr int kWrongUsage = 2;
// Each thread would have a heap of its own, and what one of them freed would serve no other.
constexpr int kHeaps = 2;

int run(const agent::Config& config) {
  mallopt(M_ARENA_MAX, kHeaps);
  start_logging(config.log_level, config.log_format);
  asio::io_context io(1);
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) io.stop();
  });
  auto started = agent::Agent::start(io, config);
  if (!started) {
    spdlog::critical("{}", started.error().message());
    return 1;
  }
  spdlog::info("serving on {}", config.socket);
  io.run();
  spdlog::info("stopping; Sandboxes run on");
  started->reset();
  return 0;
}

}  // namespace

// An exception is a bug, and ends the process with its trace.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  CLI::App app(
      "The node's agent: runs the Sandboxes that are bound to this node, by driving its container "
      "runtime.");
  std::string file;
  std::string node_name;
  bool check = false;
  bool defaults = false;
  app.set_version_flag("--version", std::string("sandboxlet ") + SANDBOXLET_VERSION);
  app.add_option("--config", file, "The configuration, a YAML file; every key has a default")
      ->type_name("FILE");
  app.add_option("--node-name", node_name, "This node's name, whatever the configuration says")
      ->type_name("NAME");
  app.add_flag("--check-config", check, "Read the configuration, say what is wrong, and end");
  app.add_flag("--print-defaults", defaults, "Print all keys with their defaults and meanings");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  if (defaults) {
    std::cout << agent::print_config({});
    return 0;
  }
  auto config = file.empty() ? Result<agent::Config>(agent::Config()) : agent::load_config(file);
  if (!config) {
    std::cerr << "sandboxlet: " << config.error().message() << "\n";
    return 1;
  }
  if (!node_name.empty()) config->node_name = node_name;
  if (check) {
    std::cout << "the configuration is valid\n";
    return 0;
  }
  return run(*config);
}
