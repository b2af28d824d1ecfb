// One that hibernates: the memory that it gives back, and how soon it answers from there.

#include <iostream>

#include "agent/suspend/test_swap.h"
#include "bench/agent_bench.h"
#include "bench/manifest.h"
#include "bench/settle.h"
#include "tests/rig/eventually.h"
#include "tests/rig/http_client.h"

namespace sandboxlet::bench {

namespace {

constexpr char kName[] = "hibernate";
constexpr uint16_t kPort = 80;
constexpr double kMega = 1 << 20;
constexpr int kMegabytes = 200;
constexpr int kTouched = 10;
// So many answers in a row touch all of it.
constexpr int kAnswersForAll = kMegabytes / kTouched;

// Bytes in memory: the Sandbox's own, and what the swap takes itself.
struct Memory {
  double sandbox = 0;
  double swap = 0;
};

struct Measured {
  Samples awake;
  Samples asleep;
  // Percent of what compresses.
  Samples given_back;
};

Result<Memory> memory_now(agent::Cgroups& cgroups, const std::string& uid,
                          const agent::TestSwap& swap) {
  TRY(const auto usage, cgroups.usage(uid));
  TRY(const uint64_t taken, swap.memory_taken());
  return Memory{static_cast<double>(usage.memory_total), static_cast<double>(taken)};
}

// What compresses is known without asking anybody: a half of what was filled. What is given back
// is what the Sandbox has less in memory, without what the swap has more for it: of 100 % here
// nothing would be left of the Sandbox, and the swap would take no byte besides the random ones.
double percent_given_back(const Memory& before, const Memory& after) {
  constexpr double kCompresses = kMegabytes * kMega / 2;
  const double from_sandbox = before.sandbox - after.sandbox;
  const double to_swap = after.swap - before.swap;
  std::cerr << "hibernate: " << before.sandbox / kMega << " MB in memory, then "
            << after.sandbox / kMega << ", and " << to_swap / kMega << " of the swap's\n";
  return (from_sandbox - to_swap) / kCompresses * 100;
}

Result<Samples> ask(const std::string& address, int times) {
  Samples first_bytes;
  for (int i = 0; i < times; ++i) {
    TRY(const auto answer, test::http_get(address, kPort));
    first_bytes.add(std::chrono::duration<double, std::milli>(answer.first_byte).count());
  }
  return first_bytes;
}

Result<Measured> measure_rounds(Bench& bench, const agent::TestSwap& swap) {
  constexpr int kRounds = 15;
  TRY(const auto sandbox, bench.driver.get(kName));
  const std::string& address = sandbox.status.podIPs.at(0);
  Measured measured;
  for (int round = 0; round < kRounds; ++round) {
    TRY(const Samples all, ask(address, kAnswersForAll));
    TRY(const Samples awake, ask(address, 1));
    TRY(const Memory before, memory_now(bench.floor.cgroups(), sandbox.metadata.uid, swap));
    TRY(const double down, bench.driver.suspend(kName, "Hibernate"));
    static_cast<void>(down);
    CHECK_OK(bench.driver.until_suspended_as(kName, "Hibernated"));
    TRY(const Memory after, memory_now(bench.floor.cgroups(), sandbox.metadata.uid, swap));
    TRY(const Samples asleep, ask(address, 1));
    measured.awake.add(awake);
    measured.asleep.add(asleep);
    measured.given_back.add(percent_given_back(before, after));
  }
  return measured;
}

}  // namespace

Result<Figures> hibernate(Bench& bench) {
  constexpr uint64_t kSwap = uint64_t{1} << 30;
  TRY(const auto swap, agent::TestSwap::make(kSwap));
  CHECK_OK(bench.driver.until_possible("Hibernate"));
  const std::string object = heap(kName, kMegabytes, kTouched, "Hibernate").dump();
  TRY(const double created, bench.driver.create_all_of({object}));
  TRY(const std::string address, bench.driver.address(kName));
  // It serves once its memory is filled.
  test::eventually([&] { return test::http_get(address, kPort).has_value(); });
  settle();
  TRY(const Measured measured, measure_rounds(bench, *swap).wrap(kName));
  TRY(const double removed, bench.driver.remove(kName));
  static_cast<void>(created + removed);
  return Figures{{"hibernate_first_byte", "ms", measured.asleep.percentile(50),
                  measured.awake.percentile(50), 60, false, measured.asleep},
                 {"hibernate_given_back",
                  "%",
                  measured.given_back.percentile(50),
                  {},
                  85,
                  true,
                  measured.given_back}};
}

}  // namespace sandboxlet::bench
