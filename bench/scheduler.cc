// How fast sandbox-shim decides, and how much memory its picture of a full cluster takes: 5,000
// nodes with 100,000 Sandboxes, all read from their JSON as a watch brings them, then 20,000
// Sandboxes more, each read, decided, assumed and confirmed by the watch.

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <random>

#include "bench/process.h"
#include "bench/suite.h"
#include "scheduler-shim/read_node_info.h"
#include "scheduler-shim/read_pod_info.h"
#include "scheduler-shim/schedule.h"

namespace sandboxlet::bench {
namespace {

using scheduler::Json;

constexpr int kNodes = 5'000;
constexpr int kZones = 10;
constexpr int kSandboxes = 100'000;
constexpr int kDecisions = 20'000;
constexpr int kBatch = 1'000;
constexpr uint64_t kSeed = 1;

const std::vector<std::string> kFigures{"scheduler_decisions_per_second", "scheduler_decision_p99",
                                        "scheduler_rss"};

std::string node_name(int number) { return fmt::format("node-{:05}", number); }

Json node_json(int number, std::mt19937_64& random) {
  const std::string name = node_name(number);
  Json images = Json::array();
  for (int i = 0; i < 20; ++i) {
    images.push_back({{"names", {fmt::format("registry.local/team/image-{}:v1", random() % 100)}},
                      {"sizeBytes", 100'000'000 + random() % 900'000'000}});
  }
  return {{"metadata",
           {{"name", name},
            {"labels",
             {{"kubernetes.io/hostname", name},
              {"kubernetes.io/arch", "amd64"},
              {"node.kubernetes.io/instance-type", number % 4 == 0 ? "large" : "medium"},
              {"topology.kubernetes.io/zone", fmt::format("zone-{}", number % kZones)}}}}},
          {"status",
           {{"allocatable",
             {{"cpu", "32"}, {"memory", "128Gi"}, {"ephemeral-storage", "500Gi"}, {"pods", "110"}}},
            {"runtimeHandlers", {{{"name", "runc"}}}},
            {"depths", {"Freeze", "Stop", "Terminate"}},
            {"images", images},
            {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
}

Json selector(const std::string& app) { return {{"matchLabels", {{"app", app}}}}; }

// Every tenth Sandbox asks for one of these; there are 20 templates of them.
void ask_for_more(Json& spec, const std::string& app, int kind) {
  const Json by_host = {{"labelSelector", selector(app)},
                        {"topologyKey", "kubernetes.io/hostname"}};
  const Json by_zone = {{"labelSelector", selector(app)},
                        {"topologyKey", "topology.kubernetes.io/zone"}};
  constexpr auto kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
  constexpr auto kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";
  switch (kind % 4) {
    case 0:
      spec["affinity"]["podAntiAffinity"][kRequired] = {by_host};
      break;
    case 1:
      spec["topologySpreadConstraints"] = {by_zone, by_host};
      for (auto& one : spec["topologySpreadConstraints"]) {
        one["maxSkew"] = 5;
        one["whenUnsatisfiable"] = "DoNotSchedule";
      }
      break;
    case 2:
      spec["affinity"]["podAffinity"][kPreferred] = {
          {{"weight", 50}, {"podAffinityTerm", by_zone}}};
      spec["topologySpreadConstraints"] = {by_host};
      spec["topologySpreadConstraints"][0]["whenUnsatisfiable"] = "ScheduleAnyway";
      break;
    default:
      spec["nodeSelector"] = {{"node.kubernetes.io/instance-type", "large"}};
      spec["affinity"]["podAffinity"][kRequired] = {by_zone};
  }
}

Json sandbox_json(int number, const std::string& node) {
  const bool plain = number % 10 != 0;
  const int kind = plain ? number % 50 : number / 10 % 20;
  const std::string app = fmt::format("{}-{}", plain ? "plain" : "picky", kind);
  Json spec = {
      {"containers",
       {{{"name", "main"},
         {"image", fmt::format("registry.local/team/image-{}:v1", kind)},
         {"command", {"/usr/bin/agent", "--serve"}},
         {"env", {{{"name", "SESSION"}, {"value", fmt::format("session-{}", number)}}}},
         {"ports", {{{"name", "http"}, {"containerPort", 8080}}}},
         {"resources",
          {{"requests", {{"cpu", fmt::format("{}m", 250 + 50 * (kind % 10))}, {"memory", "1Gi"}}},
           {"limits", {{"cpu", "2"}, {"memory", "2Gi"}}}}},
         {"volumeMounts", {{{"name", "data"}, {"mountPath", "/data"}}}}}}},
      {"volumes", {{{"name", "data"}, {"emptyDir", Json::object()}}}},
      {"tolerations", {{{"key", "sandboxlet.io/pool"}, {"operator", "Exists"}}}}};
  if (!plain) ask_for_more(spec, app, kind);
  Json sandbox = {
      {"apiVersion", "agents.x-k8s.io/v1beta1"},
      {"kind", "Sandbox"},
      {"metadata",
       {{"name", fmt::format("sandbox-{}", number)},
        {"namespace", fmt::format("team-{}", kind % 5)},
        {"uid", fmt::format("00000000-0000-4000-8000-{:012}", number)},
        {"resourceVersion", fmt::format("{}", 1'000'000 + number)},
        {"creationTimestamp", "2026-01-02T03:04:05Z"}}},
      // Sandboxes that come from claims have a label of their own each.
      {"spec",
       {{"podTemplate",
         {{"metadata",
           {{"labels", {{"app", app}, {"claim-uid", fmt::format("claim-{:012}", number)}}}}},
          {"spec", spec}}},
        {"operatingMode", "Running"},
        {"shutdownPolicy", "Retain"}}}};
  if (!node.empty()) sandbox["status"]["nodeName"] = node;
  return sandbox;
}

// The shim without its wires: what reads, what remembers, what decides.
struct Shim {
  scheduler::Classes classes;
  scheduler::PodReader reader{classes};
  scheduler::VolumeIndex volumes;
  scheduler::Cache cache{volumes, kSeed};
  scheduler::Scheduler scheduler{{.seed = kSeed}};

  Result<scheduler::PodInfo> read(const std::string& text) {
    return reader.read(Json::parse(text));
  }
};

Result<> fill(Shim& shim) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kNodes; ++i) {
    TRY(auto node, scheduler::read_node_info(Json::parse(node_json(i, random).dump())));
    shim.cache.set_node(std::move(node));
  }
  for (int i = 0; i < kSandboxes; ++i) {
    const std::string node = node_name(static_cast<int>(random() % kNodes));
    TRY(auto pod, shim.read(sandbox_json(i, node).dump()));
    shim.cache.set_sandbox(std::move(pod));
  }
  return {};
}

using Seconds = std::chrono::duration<double>;

// What one decision takes, and all that belongs to it.
struct Took {
  Seconds decision{};
  Seconds all{};
};

// The texts are made outside of what is measured.
Result<Took> decide_one(Shim& shim, int number) {
  using Clock = std::chrono::steady_clock;
  const std::string text = sandbox_json(number, "").dump();
  Took took;
  const auto begun = Clock::now();
  TRY(auto pod, shim.read(text));
  const auto read = Clock::now();
  const scheduler::Decision decision = shim.scheduler.decide(pod, shim.cache);
  const auto decided = Clock::now();
  if (decision.node == scheduler::kNoNode) return Error(Code::kInternal, decision.message);
  shim.cache.assume(std::move(pod), decision.node, TimePoint::max());
  const auto assumed = Clock::now();
  const std::string bound_text = sandbox_json(number, decision.node_name).dump();
  const auto seen = Clock::now();
  TRY(auto bound, shim.read(bound_text));
  shim.cache.set_sandbox(std::move(bound));
  took.decision = decided - read;
  took.all = (assumed - begun) + (Clock::now() - seen);
  return took;
}

Result<Figures> measure_all() {
  Shim shim;
  std::cerr << "scheduler: reading " << kNodes << " nodes and " << kSandboxes << " Sandboxes\n";
  CHECK_OK(fill(shim));
  std::cerr << "scheduler: deciding " << kDecisions << " more\n";
  Samples rates;
  Samples decisions;
  Seconds all{};
  Seconds batch{};
  for (int i = 0; i < kDecisions; ++i) {
    TRY(const Took took, decide_one(shim, kSandboxes + i));
    decisions.add(took.decision.count() * 1e3);
    all += took.all;
    batch += took.all;
    if ((i + 1) % kBatch != 0) continue;
    rates.add(kBatch / batch.count());
    batch = {};
  }
  const Figure memory = single(kFigures[2], "MB", rss_megabytes(getpid()), 400);
  return Figures{{kFigures[0], "/s", kDecisions / all.count(), {}, 5000, true, rates},
                 {kFigures[1], "ms", decisions.percentile(99), {}, 2, false, decisions},
                 memory};
}

// Nothing where no figure is wanted.
Result<Figures> measure(const std::regex& wanted) {
  if (std::none_of(kFigures.begin(), kFigures.end(),
                   [&](const std::string& name) { return std::regex_search(name, wanted); })) {
    return Figures();
  }
  TRY(auto figures, measure_all());
  return only(std::move(figures), wanted);
}

}  // namespace
}  // namespace sandboxlet::bench

int main(int argc, char** argv) {
  using namespace sandboxlet;
  CLI::App app("Measures sandbox-shim's decisions on a cluster of 5,000 nodes.");
  return bench::run_bench(app, argc, argv, bench::measure);
}
