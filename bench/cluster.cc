// The whole path in a cluster: a real API server, the shim, one agent and a private containerd,
// beside bare CRI calls on that containerd.

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <regex>
#include <sstream>

#include "base/command.h"
#include "bench/cluster_bench.h"
#include "bench/process.h"
#include "bench/settle.h"

namespace sandboxlet::bench {
namespace {

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

Result<Figures> endpoint(Bench& bench) {
  constexpr int kRounds = 30;
  TRY(const double created, bench.driver.create("endpoint"));
  static_cast<void>(created);
  CHECK_OK(bench.driver.serve("endpoint"));
  Samples after;
  for (int round = 0; round < kRounds; ++round) {
    TRY(const double took, bench.driver.endpoint_after_resume("endpoint"));
    after.add(took);
  }
  CHECK_OK(bench.driver.remove_all({"endpoint"}));
  return Figures{{"cluster_endpoint_ready", "ms", after.percentile(50), {}, 30, false, after}};
}

// Both take ten seconds and more, in which a shared machine is not always as fast: each round's
// ratio is its own, and theirs is the p50.
Result<Figures> at_once(Bench& bench) {
  constexpr int kAtOnce = 100;
  constexpr int kRounds = 5;
  Samples bare;
  Samples ratios;
  // Until half of them are Ready, over the floor of all.
  Samples halves;
  for (int round = 0; round < kRounds; ++round) {
    const auto all = names("once-" + std::to_string(round), kAtOnce);
    settle();
    TRY(const double floor, bench.floor.create_all(all));
    CHECK_OK(bench.floor.remove_all(all));
    settle();
    TRY(const Samples took, bench.driver.create_all(all));
    CHECK_OK(bench.driver.remove_all(all));
    bare.add(floor);
    ratios.add(took.percentile(100) / floor);
    halves.add(took.percentile(50) / floor);
    std::cerr << "100 creates, round " << round + 1 << " of " << kRounds << ": "
              << static_cast<int>(took.percentile(100)) << " ms, bare " << static_cast<int>(floor)
              << " ms\n";
  }
  const double floor = bare.percentile(50);
  return Figures{
      {"cluster_100_creates", "x", ratios.percentile(50), floor, 1.15, false, ratios},
      {"cluster_100_creates_half", "x", halves.percentile(50), floor, 0.75, false, halves}};
}

// What the agent has asked of the API server since its start, as its own metrics tell.
Result<double> requests_of(const test::AgentProcess& agent) {
  const std::string log = agent.log();
  std::smatch port;
  if (!std::regex_search(log, port, std::regex("metrics and health on port ([0-9]+)"))) {
    return Error(Code::kInternal, "the agent serves no metrics");
  }
  TRY(const std::string text, run_command({"curl", "-sSf", "--noproxy", "*",
                                           "http://127.0.0.1:" + port[1].str() + "/metrics"}));
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
    TRY(const Samples took, bench.driver.create_all({begin, begin + kAtOnce}));
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
  const Figure idle = single("cluster_idle_requests", "/min", after - before, 7);
  const Figure memory = single("cluster_rss_200", "MB", rss_megabytes(agent.pid()), 45);
  CHECK_OK(bench.driver.remove_all(all));
  return Figures{memory, idle};
}

// Two shims, of which one leads.
class ShimPair {
 public:
  explicit ShimPair(Bench& bench) : bench_(bench) {}

  Result<> begin() {
    TRY(candidate_, bench_.cluster.add_shim());
    leader_ = bench_.cluster.shims().front().get();
    return {};
  }

  // Ends the leader; answers the seconds from then to the binding of a Sandbox that is created once
  // it has ended. Afterwards the other one leads, and the one that was ended is a candidate.
  Result<double> hand_over(const std::string& name,
                           const std::function<Result<>(test::ShimProcess&)>& end) {
    // Nothing tells that a candidate stands: it has seen the lease by then.
    sleep(kCandidateStands);
    const size_t logged = candidate_->log().size();
    const auto begun = std::chrono::steady_clock::now();
    CHECK_OK(end(*leader_));
    TRY(const double created, bench_.driver.create_bound(name));
    static_cast<void>(created);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    if (candidate_->log().find(" leads", logged) == std::string::npos) {
      return Error(Code::kInternal, "the shim that was ended did not lead");
    }
    CHECK_OK(leader_->kill_and_restart());
    std::swap(leader_, candidate_);
    CHECK_OK(bench_.driver.remove_all({name}));
    return took.count();
  }

 private:
  static constexpr int kCandidateStands = 3;

  Bench& bench_;
  test::ShimProcess* leader_ = nullptr;
  test::ShimProcess* candidate_ = nullptr;
};

Result<> stop(test::ShimProcess& shim) {
  TRY(const int code, shim.stop());
  if (code != 0) return Error(Code::kInternal, "the shim ended with " + std::to_string(code));
  return {};
}

Result<> kill(test::ShimProcess& shim) {
  shim.kill();
  return {};
}

// The slowest of the few rounds: each has to hold.
Result<Figures> handover(Bench& bench) {
  constexpr int kStops = 3;
  constexpr int kKills = 2;
  ShimPair pair(bench);
  CHECK_OK(pair.begin());
  Samples stops;
  Samples kills;
  for (const auto& name : names("stop", kStops)) {
    TRY(const double took, pair.hand_over(name, stop));
    stops.add(took);
  }
  for (const auto& name : names("kill", kKills)) {
    TRY(const double took, pair.hand_over(name, kill));
    kills.add(took);
  }
  return Figures{{"cluster_handover_stop", "s", stops.percentile(100), {}, 3, false, stops},
                 {"cluster_handover_kill", "s", kills.percentile(100), {}, 20, false, kills}};
}

const std::vector<Entry<Bench>>& entries() {
  static const std::vector<Entry<Bench>> all{
      {{"cluster_create_over_floor"}, create},
      {{"cluster_pause", "cluster_resume"}, pause},
      {{"cluster_endpoint_ready"}, endpoint},
      {{"cluster_100_creates", "cluster_100_creates_half"}, at_once},
      {{"cluster_rss_200", "cluster_idle_requests"}, density},
      {{"cluster_handover_stop", "cluster_handover_kill"}, handover},
      // From here on its controllers run beside it.
      {{"cluster_create_with_image", "cluster_create_with_directory"}, create_with_claim},
      {{"cluster_500_rounds_left"}, rounds_with_claims}};
  return all;
}

Result<Figures> measure(const std::regex& wanted) {
  const auto chosen = matching(entries(), wanted);
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
  Bench bench{*server, cluster, *driver, *floor};
  return measure_each(chosen, bench, wanted);
}

}  // namespace
}  // namespace sandboxlet::bench

int main(int argc, char** argv) {
  using namespace sandboxlet;
  CLI::App app("Measures the path through an API server beside bare CRI calls.");
  return bench::run_bench(app, argc, argv, [](const std::regex& wanted) -> Result<bench::Figures> {
    for (const auto& why : {test::PrivateRuntime::why_not(), test::KubeApiServer::why_not()}) {
      if (why) return Error(Code::kFailedPrecondition, *why);
    }
    return bench::measure(wanted);
  });
}
