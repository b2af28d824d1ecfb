// How many idle Sandboxes fit a pool of memory: frozen only, and hibernating in a zram of twice its
// size, whose own memory is the node's and not the pool's.

#include <iostream>

#include "agent/suspend/test_swap.h"
#include "bench/agent_bench.h"
#include "bench/manifest.h"
#include "tests/rig/eventually.h"
#include "tests/rig/http_client.h"

namespace sandboxlet::bench {

namespace {

constexpr int64_t kPool = int64_t{1} << 30;
constexpr uint16_t kPort = 80;
constexpr double kMega = 1 << 20;
// Megabytes.
constexpr int kEach = 50;

// An agent of its own, whose pool has that limit: the kernel holds it too.
struct Pool {
  std::unique_ptr<test::PrivateRuntime> runtime;
  std::unique_ptr<test::AgentProcess> agent;
  std::unique_ptr<agent::Cgroups> cgroups;
};

Result<Pool> make_pool() {
  Pool pool;
  TRY(pool.runtime, test::PrivateRuntime::start());
  TRY(pool.agent,
      test::AgentProcess::start(*pool.runtime, "poolMemoryLimit: " + std::to_string(kPool) + "\n"));
  agent::CgroupLimits limits;
  limits.memory_bytes = kPool;
  TRY(pool.cgroups, agent::open_cgroups(pool.runtime->cgroup_root(), limits));
  return pool;
}

// Bytes: of the pool's Sandboxes, their file cache aside, and with them what the swap takes itself.
struct Used {
  uint64_t pool = 0;
  uint64_t with_swap = 0;
};

Result<Used> used(const Pool& pool, const agent::TestSwap& swap) {
  TRY(const auto memory, pool.cgroups->pool_memory());
  TRY(const uint64_t taken, swap.memory_taken());
  return Used{memory.used, memory.used + taken};
}

bool has_room(uint64_t taken) { return taken + kEach * kMega <= kPool; }

Result<> add_running(Driver& driver, const std::string& name, const std::string& depth) {
  TRY(const double created, driver.create_all_of({heap(name, kEach, 1, depth).dump()}));
  static_cast<void>(created);
  TRY(const std::string address, driver.address(name));
  // It serves once its memory is filled.
  if (test::eventually([&] { return test::http_get(address, kPort).has_value(); })) return {};
  return Error(Code::kDeadlineExceeded, name + " does not serve");
}

// How many fit, as the kernel counts for the pool's limit, and where the swap's own memory counts
// as the pool's too.
struct Fitting {
  int pool = 0;
  int with_swap = 0;
};

// One after the other is started, fills its memory, answers, and is suspended so deep, while the
// pool has room for all the memory of one more. Where that was not enough, the kernel kills.
Result<Fitting> count_fitting(const std::string& depth, const std::string& reason) {
  TRY(const auto swap, agent::TestSwap::make(2 * kPool));
  TRY(const Pool pool, make_pool());
  Driver driver(pool.agent->api());
  CHECK_OK(driver.until_possible(depth));
  Fitting fitting;
  for (Used taken; has_room(taken.pool);) {
    fitting.with_swap += has_room(taken.with_swap) ? 1 : 0;
    const std::string name = "dense-" + std::to_string(fitting.pool++);
    CHECK_OK(add_running(driver, name, depth));
    TRY(const double down, driver.suspend(name, depth));
    static_cast<void>(down);
    CHECK_OK(driver.until_suspended_as(name, reason));
    TRY(taken, used(pool, *swap));
    std::cerr << "density: " << fitting.pool << " by " << depth << " take "
              << static_cast<double>(taken.pool) / kMega << " MB, with the swap's own "
              << static_cast<double>(taken.with_swap) / kMega << "\n";
  }
  return fitting;
}

Figure ratio(std::string name, int with, int without, double bar) {
  Figure figure{std::move(name), "x", 0, without, bar, true, {}};
  figure.value = static_cast<double>(with) / without;
  figure.samples.add(with);
  return figure;
}

}  // namespace

Result<Figures> pool_density(Bench&) {
  TRY(const Fitting frozen, count_fitting("Freeze", "Frozen"));
  TRY(const Fitting hibernating, count_fitting("Hibernate", "Hibernated"));
  // Of the latter 2 would be all that a heap can do that compresses to a half.
  return Figures{ratio("pool_density", hibernating.pool, frozen.pool, 2),
                 ratio("pool_density_with_zram", hibernating.with_swap, frozen.with_swap, 1.6)};
}

}  // namespace sandboxlet::bench
