#include <unistd.h>

#include <functional>
#include <iomanip>
#include <iostream>
#include <map>

#include "bench/agent_bench.h"
#include "bench/manifest.h"
#include "bench/process.h"
#include "bench/settle.h"

namespace sandboxlet::bench {
namespace {

Figure ratio(std::string name, const Samples& ours, const Samples& floor, double bar) {
  Figure figure{std::move(name), "x", 0, floor.percentile(50), bar, false, ours};
  figure.value = ours.percentile(50) / floor.percentile(50);
  return figure;
}

Result<> remove_both(Bench& bench, const std::string& name) {
  TRY(const double bare, bench.floor.remove(name));
  TRY(const double ours, bench.driver.remove(name));
  static_cast<void>(bare + ours);
  return {};
}

Result<Figures> create(Bench& bench) {
  constexpr int kRounds = 15;
  Samples ours;
  Samples bare;
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = "create-" + std::to_string(round);
    TRY(const double floor, bench.floor.create(name));
    TRY(const double bare_removed, bench.floor.remove(name));
    TRY(const double took, bench.driver.create(name));
    TRY(const double removed, bench.driver.remove(name));
    static_cast<void>(bare_removed + removed);
    bare.add(floor);
    ours.add(took);
  }
  return Figures{ratio("create_to_ready", ours, bare, 1.10)};
}

Result<Figures> freeze(Bench& bench) {
  constexpr int kRounds = 300;
  TRY(const double created, bench.driver.create("freeze"));
  static_cast<void>(created);
  Samples suspend;
  Samples resume;
  for (int round = 0; round < kRounds; ++round) {
    TRY(const double down, bench.driver.suspend("freeze", "Freeze"));
    TRY(const double up, bench.driver.resume("freeze"));
    suspend.add(down);
    resume.add(up);
  }
  TRY(const double removed, bench.driver.remove("freeze"));
  static_cast<void>(removed);
  return Figures{{"suspend_freeze", "ms", suspend.percentile(50), {}, 1.5, false, suspend},
                 {"resume_freeze", "ms", resume.percentile(50), {}, 1.5, false, resume},
                 {"resume_freeze_p99", "ms", resume.percentile(99), {}, 10, false, resume}};
}

Result<Figures> stop(Bench& bench) {
  constexpr int kRounds = 15;
  TRY(const double made, bench.floor.create("stop"));
  TRY(const double created, bench.driver.create("stop"));
  static_cast<void>(made + created);
  Samples ours;
  Samples bare;
  for (int round = 0; round < kRounds; ++round) {
    TRY(const double stopped, bench.floor.stop_container("stop"));
    TRY(const double floor, bench.floor.start_again("stop"));
    TRY(const double down, bench.driver.suspend("stop", "Stop"));
    TRY(const double up, bench.driver.resume("stop"));
    static_cast<void>(stopped + down);
    bare.add(floor);
    ours.add(up);
  }
  CHECK_OK(remove_both(bench, "stop"));
  return Figures{ratio("resume_stop", ours, bare, 1.15)};
}

Result<Figures> exec_true(Bench& bench) {
  constexpr int kRounds = 100;
  TRY(const double made, bench.floor.create("exec"));
  TRY(const double created, bench.driver.create("exec"));
  static_cast<void>(made + created);
  Samples ours;
  Samples bare;
  for (int round = 0; round < kRounds; ++round) {
    TRY(const double floor, bench.floor.exec_true("exec"));
    TRY(const double took, bench.driver.exec_true("exec"));
    bare.add(floor);
    ours.add(took);
  }
  CHECK_OK(remove_both(bench, "exec"));
  Figure figure{"exec_true_over_exec_sync", "ms", 0, bare.percentile(50), 5, false, ours};
  figure.value = ours.percentile(50) - bare.percentile(50);
  return Figures{figure};
}

Result<> remove_all(Driver& driver, const std::vector<std::string>& all) {
  for (const auto& name : all) {
    TRY(const double took, driver.remove(name));
    static_cast<void>(took);
  }
  return {};
}

Result<Figures> at_once(Bench& bench) {
  constexpr int kAtOnce = 24;
  constexpr int kRounds = 3;
  Samples ours;
  Samples bare;
  for (int round = 0; round < kRounds; ++round) {
    const auto all = names("once-" + std::to_string(round), kAtOnce);
    TRY(const double floor, bench.floor.create_all(all));
    CHECK_OK(bench.floor.remove_all(all));
    TRY(const double took, bench.driver.create_all(all));
    CHECK_OK(remove_all(bench.driver, all));
    bare.add(kAtOnce / floor * 1000);
    ours.add(kAtOnce / took * 1000);
  }
  Figure figure{"creates_per_second", "x", 0, bare.percentile(50), 0.9, true, ours};
  figure.value = ours.percentile(50) / bare.percentile(50);
  return Figures{figure};
}

// % of a core that the agent takes while nobody asks it anything.
double cpu_at_rest(const Bench& bench) {
  settle();
  constexpr int kSeconds = 30;
  const double before = cpu_seconds(bench.agent.pid());
  sleep(kSeconds);
  return (cpu_seconds(bench.agent.pid()) - before) / kSeconds * 100;
}

// All at once.
Result<> apply_with(Driver& driver, const std::vector<std::string>& names,
                    const nlohmann::json& suspend) {
  std::vector<std::string> objects;
  for (const auto& name : names) {
    nlohmann::json object = sandbox(name);
    object["spec"]["suspend"] = suspend;
    objects.push_back(object.dump());
  }
  TRY(const double took, driver.create_all_of(objects));
  static_cast<void>(took);
  return {};
}

// Sandboxes that do a little all the time: a look for work of them goes on to their packets. What
// is unwatched is measured once more, as a change of each leaves an agent that needs some more.
Result<Figures> density(Bench& bench) {
  constexpr int kSandboxes = 200;
  constexpr int kAtOnce = 10;
  const auto all = names("dense", kSandboxes);
  for (int first = 0; first < kSandboxes; first += kAtOnce) {
    const auto begin = all.begin() + first;
    TRY(const double took, bench.driver.create_all({begin, begin + kAtOnce}));
    static_cast<void>(took);
    std::cerr << "density: " << first + kAtOnce << " of " << kSandboxes << " run\n";
  }
  const double idle = cpu_at_rest(bench);
  const double rss = rss_megabytes(bench.agent.pid());
  CHECK_OK(apply_with(bench.driver, all, {{"depth", "Freeze"}}));
  const double unwatched = cpu_at_rest(bench);
  CHECK_OK(apply_with(bench.driver, all, {{"depth", "Freeze"}, {"idleTimeout", "1h"}}));
  const double watched = cpu_at_rest(bench);
  CHECK_OK(remove_all(bench.driver, all));
  constexpr double kShare = 1000.0 / kSandboxes;
  return Figures{single("rss_200", "MB", rss, 40), single("idle_cpu_200", "% of a core", idle, 1),
                 single("idle_watch_1000", "% of a core", (watched - unwatched) * kShare, 1)};
}

Result<Figures> see_exit(Bench& bench) {
  constexpr int kRounds = 20;
  Samples ours;
  Samples bare;
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = "exit-" + std::to_string(round);
    TRY(const double made, bench.floor.create(name));
    TRY(const double floor, bench.floor.see_exit(name));
    TRY(const double bare_removed, bench.floor.remove(name));
    TRY(const double created, bench.driver.create(name));
    TRY(const pid_t pid, bench.floor.pid_of_sandbox(name));
    TRY(const double took, bench.driver.see_exit(name, pid));
    TRY(const double removed, bench.driver.remove(name));
    static_cast<void>(made + bare_removed + created + removed);
    bare.add(floor);
    ours.add(took);
  }
  return Figures{{"exit_seen", "ms", ours.percentile(50), bare.percentile(50), 10, false, ours}};
}

Result<Figures> shut_down(Bench& bench) {
  constexpr int kRounds = 15;
  Samples took;
  for (const auto& name : names("shutdown", kRounds)) {
    TRY(const double created, bench.driver.create(name));
    TRY(const double late, bench.driver.shut_down(name));
    TRY(const double removed, bench.driver.remove(name));
    static_cast<void>(created + removed);
    took.add(late);
  }
  return Figures{{"stopped_after_shutdown_time", "ms", took.percentile(50), {}, 1000, false, took}};
}

const std::vector<Entry<Bench>>& entries() {
  static const std::vector<Entry<Bench>> all{
      {{"create_to_ready"}, create},
      {{"suspend_freeze", "resume_freeze", "resume_freeze_p99"}, freeze},
      {{"resume_stop"}, stop},
      {{"wake_first_byte", "wake_first_byte_p99", "wake_100_p99", "wake_100_failed"}, wake},
      {{"idle_timeout_error"}, fall_asleep},
      {{"hibernate_first_byte", "hibernate_given_back"}, hibernate},
      {{"pool_density", "pool_density_with_zram"}, pool_density},
      {{"cycles_lost", "cycles_left_asleep", "cycles_rss", "cycles_open_files", "cycles_files"},
       cycles},
      {{"exec_true_over_exec_sync"}, exec_true},
      {{"exit_seen"}, see_exit},
      {{"stopped_after_shutdown_time"}, shut_down},
      {{"creates_per_second"}, at_once},
      {{"rss_200", "idle_cpu_200", "idle_watch_1000"}, density}};
  return all;
}

// The median of some rounds of each, as "NAME MILLISECONDS" lines, for who has one of its own to
// hold against them.
Result<> print_floors() {
  constexpr int kRounds = 3;
  TRY(const auto runtime, test::PrivateRuntime::start());
  TRY(const auto floor, Floor::make(*runtime));
  std::map<std::string, Samples> samples;
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = "floor-" + std::to_string(round);
    TRY(const double created, floor->create(name));
    TRY(const double stopped, floor->stop_container(name));
    TRY(const double run, floor->start_again(name));
    TRY(const double removed, floor->remove(name));
    samples["create"].add(created);
    samples["stop"].add(stopped);
    samples["run"].add(run);
    samples["remove"].add(removed);
  }
  for (const auto& [name, values] : samples) {
    std::cout << name << " " << std::fixed << std::setprecision(1) << values.percentile(50) << "\n";
  }
  return {};
}

std::string known_figures() {
  std::string names;
  for (const auto& entry : entries()) {
    for (const auto& name : entry.figures) names += "\n  " + name;
  }
  return names;
}

Result<Figures> measure(const std::regex& wanted) {
  const auto chosen = matching(entries(), wanted);
  if (chosen.empty()) {
    return Error(Code::kInvalidArgument, "no figure matches; there are" + known_figures());
  }
  TRY(const auto runtime, test::PrivateRuntime::start());
  TRY(const auto agent, test::AgentProcess::start(*runtime));
  TRY(const auto floor, Floor::make(*runtime));
  Bench bench{*agent, Driver(agent->api()), *floor};
  return measure_each(chosen, bench, wanted);
}

}  // namespace
}  // namespace sandboxlet::bench

int main(int argc, char** argv) {
  using namespace sandboxlet;
  CLI::App app(
      "Measures the agent through its socket beside bare CRI calls on the same containerd.");
  bool floors = false;
  app.add_flag("--floors", floors, "Only the bare CRI calls: create, run, stop and remove");
  return bench::run_bench(app, argc, argv, [&](const std::regex& wanted) -> Result<bench::Figures> {
    if (const auto& why = test::PrivateRuntime::why_not()) {
      return Error(Code::kFailedPrecondition, *why);
    }
    if (!floors) return bench::measure(wanted);
    CHECK_OK(bench::print_floors());
    return bench::Figures();
  });
}
