// The whole path in a cluster: a real API server, the shim, one agent and a private containerd,
// beside bare CRI calls on that containerd.

#include "tests/rig/cluster.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <iostream>
#include <regex>
#include <sstream>

#include "bench/cluster_driver.h"
#include "bench/figure.h"
#include "bench/floor.h"
#include "bench/process.h"
#include "tests/rig/command.h"

namespace sandboxlet::bench {
namespace {

struct Bench {
  test::Cluster& cluster;
  ClusterDriver& driver;
  Floor& floor;
};

using Figures = std::vector<Figure>;

Result<Figures> create(Bench& bench) {
  constexpr int kRounds = 15;
  Samples ours;
  Samples bare;
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = "create-" + std::to_string(round);
    TRY(const double floor, bench.floor.create(name));
    TRY(const double bare_removed, bench.floor.remove(name));
    TRY(const double took, bench.driver.create(name));
    CHECK_OK(bench.driver.remove_all({name}));
    static_cast<void>(bare_removed);
    bare.add(floor);
    ours.add(took);
  }
  Figure figure{"cluster_create_over_floor", "ms", 0, bare.percentile(50), 40, false, ours};
  figure.value = ours.percentile(50) - bare.percentile(50);
  return Figures{figure};
}

Result<Figures> pause(Bench& bench) {
  constexpr int kRounds = 100;
  TRY(const double created, bench.driver.create("pause"));
  static_cast<void>(created);
  Samples down;
  Samples up;
  for (int round = 0; round < kRounds; ++round) {
    TRY(const double paused, bench.driver.pause("pause"));
    TRY(const double resumed, bench.driver.resume("pause"));
    down.add(paused);
    up.add(resumed);
  }
  CHECK_OK(bench.driver.remove_all({"pause"}));
  return Figures{{"cluster_pause", "ms", down.percentile(50), {}, 20, false, down},
                 {"cluster_resume", "ms", up.percentile(50), {}, 20, false, up}};
}

std::vector<std::string> names(const std::string& prefix, int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back(prefix + "-" + std::to_string(i));
  return all;
}

Result<Figures> at_once(Bench& bench) {
  constexpr int kAtOnce = 100;
  const auto all = names("once", kAtOnce);
  TRY(const double floor, bench.floor.create_all(all));
  for (const auto& name : all) {
    TRY(const double removed, bench.floor.remove(name));
    static_cast<void>(removed);
  }
  TRY(const double took, bench.driver.create_all(all));
  CHECK_OK(bench.driver.remove_all(all));
  Figure figure{"cluster_100_creates", "x", took / floor, floor, 1.15, false, {}};
  figure.samples.add(took);
  return Figures{figure};
}

// What the agent has asked of the API server since its start, as its own metrics tell.
Result<double> requests_of(const test::AgentProcess& agent) {
  const std::string log = agent.log();
  std::smatch port;
  if (!std::regex_search(log, port, std::regex("metrics and health on port ([0-9]+)"))) {
    return Error(Code::kInternal, "the agent serves no metrics");
  }
  TRY(const std::string text,
      test::run_command(
          {"curl", "-sSf", "--noproxy", "*", "http://127.0.0.1:" + port[1].str() + "/metrics"}));
  double sum = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("rest_client_requests_total{")) {
      sum += std::stod(line.substr(line.rfind(' ')));
    }
  }
  return sum;
}

Result<Figures> density(Bench& bench) {
  constexpr int kSandboxes = 200;
  constexpr int kAtOnce = 10;
  constexpr int kIdleSeconds = 60;
  const auto all = names("dense", kSandboxes);
  for (int first = 0; first < kSandboxes; first += kAtOnce) {
    const auto begin = all.begin() + first;
    TRY(const double took, bench.driver.create_all({begin, begin + kAtOnce}));
    static_cast<void>(took);
    std::cerr << "density: " << first + kAtOnce << " of " << kSandboxes << " run\n";
  }
  const test::AgentProcess& agent = *bench.cluster.nodes().front().agent;
  // Its Events go out on their own time.
  sleep(kIdleSeconds / 4);
  TRY(const double before, requests_of(agent));
  sleep(kIdleSeconds);
  TRY(const double after, requests_of(agent));
  // A lease each ten seconds, and a watch that is renewed each five to ten minutes.
  Figure idle{"cluster_idle_requests", "/min", after - before, {}, 7, false, {}};
  idle.samples.add(idle.value);
  Figure memory{"cluster_rss_200", "MB", rss_megabytes(agent.pid()), {}, 45, false, {}};
  memory.samples.add(memory.value);
  CHECK_OK(bench.driver.remove_all(all));
  return Figures{memory, idle};
}

// What is measured together.
struct Entry {
  std::vector<std::string> figures;
  std::function<Result<Figures>(Bench&)> measure;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all{{{"cluster_create_over_floor"}, create},
                                      {{"cluster_pause", "cluster_resume"}, pause},
                                      {{"cluster_100_creates"}, at_once},
                                      {{"cluster_rss_200", "cluster_idle_requests"}, density}};
  return all;
}

Result<Figures> measure(const std::regex& wanted) {
  std::vector<Entry> chosen;
  for (const auto& entry : entries()) {
    const auto matches = [&](const std::string& name) { return std::regex_search(name, wanted); };
    if (std::any_of(entry.figures.begin(), entry.figures.end(), matches)) chosen.push_back(entry);
  }
  if (chosen.empty()) return Figures();
  TRY(const auto server, test::KubeApiServer::start());
  CHECK_OK(test::Cluster::prepare(*server));
  const std::string folder = server->dir() + "/cluster";
  std::filesystem::create_directory(folder);
  test::Cluster cluster(*server, folder);
  TRY(const auto* const shim, cluster.add_shim());
  TRY(const auto* const node, cluster.add_node("node-1", "metricsAddress: 127.0.0.1:0\n"));
  static_cast<void>(shim);
  TRY(const auto driver, ClusterDriver::make(server->kubeconfig()));
  TRY(const auto floor, Floor::make(*node->runtime));
  Bench bench{cluster, *driver, *floor};
  Figures figures;
  for (const auto& entry : chosen) {
    std::cerr << "measuring " << entry.figures.front() << "\n";
    TRY(auto more, entry.measure(bench).wrap(entry.figures.front()));
    for (auto& figure : more) {
      if (std::regex_search(figure.name, wanted)) figures.push_back(std::move(figure));
    }
  }
  return figures;
}

}  // namespace
}  // namespace sandboxlet::bench

int main(int argc, char** argv) {
  using namespace sandboxlet;
  CLI::App app("Measures the path through an API server beside bare CRI calls.");
  bool json = false;
  std::string pattern = ".";
  app.add_flag("--json", json, "One JSON object a figure and line");
  app.add_option("NAME-PATTERN", pattern, "Only figures that match this regular expression");
  CLI11_PARSE(app, argc, argv);
  for (const auto& why : {test::PrivateRuntime::why_not(), test::KubeApiServer::why_not()}) {
    if (!why) continue;
    std::cerr << "bench: " << *why << "\n";
    return 1;
  }
  std::regex wanted;
  try {
    wanted = std::regex(pattern);
  } catch (const std::regex_error& error) {
    std::cerr << "bench: " << pattern << ": " << error.what() << "\n";
    return 2;
  }
  const auto figures = bench::measure(wanted);
  if (!figures) {
    std::cerr << "bench: " << figures.error().message() << "\n";
    return 1;
  }
  if (json) {
    for (const auto& figure : *figures) std::cout << bench::as_json(figure) << "\n";
  } else if (!figures->empty()) {
    std::cout << bench::as_table(*figures);
  }
  return 0;
}
