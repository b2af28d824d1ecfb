// Sandboxes that are suspended and woken ten thousand times, under requests all the while: what is
// lost, and what grows.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "api/conditions.h"
#include "bench/agent_bench.h"
#include "bench/manifest.h"
#include "bench/process.h"
#include "tests/rig/eventually.h"
#include "tests/rig/http_client.h"

namespace sandboxlet::bench {

namespace {

constexpr int kSandboxes = 20;
constexpr uint16_t kPort = 80;

struct Box {
  std::string name;
  std::string address;
};

// Of all boxes; each is counted by several threads.
struct Tally {
  std::atomic<int> cycles = 0;
  std::atomic<int> answered = 0;
  std::atomic<int> lost = 0;
  // Besides: traffic ended them before they were told to be suspended.
  std::atomic<int> overtaken = 0;
};

struct Holdings {
  double rss = 0;
  int open_files = 0;
  int files = 0;
};

Result<std::vector<Box>> make_boxes(Driver& driver) {
  const auto all = names("cycle", kSandboxes);
  std::vector<std::string> objects;
  std::transform(all.begin(), all.end(), std::back_inserter(objects), [](const auto& name) {
    auto object = server(name);
    object["spec"]["suspend"] = {{"wakeOnTraffic", true}, {"deepest", "Freeze"}};
    return object.dump();
  });
  TRY(const double took, driver.create_all_of(objects));
  static_cast<void>(took);
  std::vector<Box> boxes;
  for (const auto& name : all) {
    TRY(std::string address, driver.address(name));
    test::eventually([&] { return test::http_get(address, kPort).has_value(); });
    boxes.push_back({name, std::move(address)});
  }
  return boxes;
}

void ask(const Box& box, Tally& tally) {
  const auto answer = test::http_get(box.address, kPort);
  ++(answer ? tally.answered : tally.lost);
  if (!answer) std::cerr << "cycles: " << box.name << ": " << answer.error().message() << "\n";
}

void suspend(Driver& driver, const Box& box, Tally& tally) {
  const auto down = driver.suspend(box.name, "Freeze");
  if (down) {
    ++tally.cycles;
  } else if (down.error().code() == Code::kFailedPrecondition) {
    ++tally.overtaken;
  } else {
    ++tally.lost;
    std::cerr << "cycles: " << box.name << ": " << down.error().message() << "\n";
  }
}

// The request that follows each suspension wakes it, if no other has, and with it whatever was
// frozen in the middle of its answer.
void cycle(Driver& driver, const Box& box, int goal, Tally& tally) {
  while (tally.cycles < goal) {
    suspend(driver, box, tally);
    ask(box, tally);
  }
}

// One who asks again before a half second has passed, whatever becomes of the Sandbox.
void be_a_client(const Box& box, const std::atomic<bool>& end, Tally& tally) {
  constexpr int kLongestPause = 500;
  std::minstd_rand random(std::hash<std::string>()(box.name));
  while (!end) {
    ask(box, tally);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % kLongestPause));
  }
}

// For each a client beside the one who suspends it.
void run(Driver& driver, const std::vector<Box>& boxes, int goal, Tally& tally) {
  std::atomic<bool> end = false;
  std::vector<std::thread> suspenders;
  std::vector<std::thread> clients;
  for (const Box& box : boxes) {
    suspenders.emplace_back([&] { cycle(driver, box, goal, tally); });
    clients.emplace_back([&] { be_a_client(box, end, tally); });
  }
  for (auto& suspender : suspenders) suspender.join();
  end = true;
  for (auto& client : clients) client.join();
}

int files_below(const std::string& folder) {
  std::error_code error;
  const std::filesystem::recursive_directory_iterator files(folder, error);
  return static_cast<int>(std::distance(begin(files), end(files)));
}

// Once what goes in the background has gone: sockets are closed there.
Holdings holdings_at_rest(const test::AgentProcess& agent) {
  constexpr auto kStill = std::chrono::seconds(2);
  int before = 0;
  for (int open = open_files(agent.pid()); open != before; open = open_files(agent.pid())) {
    before = open;
    std::this_thread::sleep_for(kStill);
  }
  return {rss_megabytes(agent.pid()), before, files_below(agent.data_root())};
}

bool is_awake(Bench& bench, const std::string& name) {
  const auto sandbox = bench.driver.get(name);
  if (!sandbox || !api::is_true(sandbox->status.conditions, "Ready")) return false;
  const auto state = bench.floor.cgroups().state(sandbox->metadata.uid);
  return state && *state == agent::FreezerState::kThawed;
}

int count_asleep(Bench& bench, const std::vector<Box>& boxes) {
  return static_cast<int>(std::count_if(boxes.begin(), boxes.end(), [&](const Box& box) {
    return !test::eventually([&] { return is_awake(bench, box.name); }, std::chrono::seconds(5));
  }));
}

}  // namespace

Result<Figures> cycles(Bench& bench) {
  constexpr int kFirst = 1000;
  constexpr int kAll = 10'000;
  TRY(const auto boxes, make_boxes(bench.driver));
  Tally tally;
  const auto begun = std::chrono::steady_clock::now();
  run(bench.driver, boxes, kFirst, tally);
  const Holdings before = holdings_at_rest(bench.agent);
  run(bench.driver, boxes, kAll, tally);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const Holdings after = holdings_at_rest(bench.agent);
  std::cerr << "cycles: " << tally.cycles << " in " << took.count() << " s, " << tally.overtaken
            << " overtaken, " << tally.answered << " answers; MB in memory " << before.rss
            << ", then " << after.rss << "; open files " << before.open_files << ", then "
            << after.open_files << "; files " << before.files << ", then " << after.files << "\n";
  const int asleep = count_asleep(bench, boxes);
  for (const Box& box : boxes) {
    TRY(const double removed, bench.driver.remove(box.name));
    static_cast<void>(removed);
  }
  return Figures{single("cycles_lost", "requests", tally.lost, 0),
                 single("cycles_left_asleep", "Sandboxes", asleep, 0),
                 single("cycles_rss", "MB more", after.rss - before.rss, 1),
                 single("cycles_open_files", "more", after.open_files - before.open_files, 0),
                 single("cycles_files", "more", after.files - before.files, 0)};
}

}  // namespace sandboxlet::bench
