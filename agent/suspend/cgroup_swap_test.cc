// When swap is open to a cgroup, and what its memory reads as, on files that stand for the
// kernel's.

#include <gtest/gtest.h>

#include "agent/suspend/fake_cgroupfs.h"
#include "agent/suspend/hierarchies.h"

namespace sandboxlet::agent {
namespace {

constexpr char kMuchSwap[] =
    "MemTotal: 1 kB\nMemAvailable: 1 kB\nSwapTotal: 999999 kB\nSwapFree: 999999 kB\n";
constexpr char kNoSwap[] = "MemTotal: 1 kB\nMemAvailable: 1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n";

class SwapV2Test : public FakeCgroupfsTest {
 protected:
  SwapV2Test() {
    for (const char* directory : {"", "/pool"}) {
      add(directory, {{"cgroup.controllers", "memory\n"}, {"cgroup.subtree_control", ""}});
    }
    add("/pool/box", {{"cgroup.events", "populated 1\nfrozen 1\n"},
                      {"cgroup.freeze", "1\n"},
                      {"cgroup.procs", ""},
                      {"cpu.stat", "usage_usec 0\n"},
                      {"memory.max", "max\n"},
                      {"memory.stat", "inactive_file 1000\n"},
                      {"memory.current", "90000000\n"},
                      {"memory.swap.current", "7000\n"},
                      {"memory.reclaim", ""},
                      {"memory.swap.max", "max\n"}});
    add("/pool/box/pod", {{"cgroup.procs", ""}, {"memory.swap.max", "0\n"}});
    add("/proc", {{"meminfo", kMuchSwap}});
  }
  // As if it had thawed, which the kernel writes.
  void thaw() {
    add("/pool/box", {{"cgroup.events", "populated 1\nfrozen 0\n"}});
    EXPECT_TRUE(cgroups_->thaw("box"));
  }
  Result<uint64_t> reclaim() {
    ReclaimStop stop;
    return cgroups_->reclaim("box", stop);
  }

  const std::unique_ptr<Cgroups> cgroups_ =
      make_cgroups_v2("/pool", Hierarchies{.v1 = {}, .v2 = mount_}, mount_ + "/proc");
};

TEST_F(SwapV2Test, IsClosedToWhatIsCreated) {
  ASSERT_TRUE(cgroups_->create("box", {}));
  EXPECT_EQ(content("/pool/box/memory.swap.max"), "0");
}

TEST_F(SwapV2Test, IsNoConcernWhereItIsNotCounted) {
  std::filesystem::remove(mount_ + "/pool/box/memory.swap.max");
  EXPECT_TRUE(cgroups_->create("box", {}));
  EXPECT_TRUE(reclaim());
  thaw();
}

TEST_F(SwapV2Test, Trap10IsOpenedAtEveryLevelByAReclaim) {
  ASSERT_TRUE(cgroups_->create("box", {}));
  ASSERT_TRUE(reclaim());
  EXPECT_EQ(content("/pool/box/memory.swap.max"), "max");
  EXPECT_EQ(content("/pool/box/pod/memory.swap.max"), "max");
  EXPECT_EQ(content("/pool/box/memory.reclaim"), "16777216 swappiness=100");
}

TEST_F(SwapV2Test, IsClosedByAThaw) {
  ASSERT_TRUE(reclaim());
  thaw();
  EXPECT_EQ(content("/pool/box/memory.swap.max"), "0");
}

TEST_F(SwapV2Test, StaysClosedToAReclaimWhereNoneIsFree) {
  add("/proc", {{"meminfo", kNoSwap}});
  ASSERT_TRUE(cgroups_->create("box", {}));
  EXPECT_EQ(reclaim().error().code(), Code::kResourceExhausted);
  EXPECT_EQ(content("/pool/box/memory.swap.max"), "0");
  // File cache can go all the same.
  EXPECT_EQ(content("/pool/box/memory.reclaim"), "16777216 swappiness=100");
}

TEST_F(SwapV2Test, UsageTellsOfMemoryAndOfSwap) {
  const auto usage = cgroups_->usage("box");
  ASSERT_TRUE(usage) << usage.error().message();
  EXPECT_EQ(usage->memory_working_set, 89'999'000U);
  EXPECT_EQ(usage->memory_total, 90'000'000U);
  EXPECT_EQ(usage->memory_swapped, 7000U);
}

TEST_F(SwapV2Test, ThePoolsMemoryIsReadWithItsLimit) {
  add("/pool", {{"cpu.stat", ""},
                {"memory.current", "5000\n"},
                {"memory.max", "max\n"},
                {"memory.stat", "inactive_file 2000\n"}});
  EXPECT_EQ(cgroups_->pool_memory()->used, 3000U);
  EXPECT_EQ(cgroups_->pool_memory()->limit, std::nullopt);
  add("/pool", {{"memory.max", "8000\n"}});
  EXPECT_EQ(cgroups_->pool_memory()->limit, 8000U);
}

TEST_F(SwapV2Test, AReclaimNeedsTheKernelsHelp) {
  EXPECT_EQ(cgroups_->reclaim_support(), ReclaimSupport::kNoMemoryController);
  add("/pool", {{"memory.current", "5000\n"}});
  EXPECT_EQ(cgroups_->reclaim_support(), ReclaimSupport::kNoMemoryReclaim);
  add("/pool", {{"memory.reclaim", ""}});
  EXPECT_EQ(cgroups_->reclaim_support(), ReclaimSupport::kSupported);
  std::filesystem::remove(mount_ + "/pool/box/memory.reclaim");
  EXPECT_EQ(reclaim().error().code(), Code::kUnimplemented);
}

class SwapV1Test : public FakeCgroupfsTest {
 protected:
  SwapV1Test() {
    add("/pool/box", {{"freezer.state", "FROZEN\n"},
                      {"cgroup.procs", ""},
                      {"memory.swappiness", "60\n"},
                      {"memory.stat", "total_inactive_file 1000\ntotal_swap 7000\n"},
                      {"memory.limit_in_bytes", "9223372036854771712\n"},
                      {"memory.usage_in_bytes", "90000000\n"},
                      {"memory.force_empty", ""}});
    add("/pool/box/pod", {{"cgroup.procs", ""}, {"memory.swappiness", "60\n"}});
    add("/proc", {{"meminfo", kMuchSwap}});
  }
  std::unique_ptr<Cgroups> cgroups(const std::vector<std::string>& controllers) const {
    Hierarchies hierarchies;
    for (const auto& controller : controllers) hierarchies.v1[controller] = mount_;
    return make_cgroups_v1("/pool", hierarchies, mount_ + "/proc");
  }
  Result<uint64_t> reclaim() {
    ReclaimStop stop;
    return cgroups({"freezer", "memory"})->reclaim("box", stop);
  }
  std::string swappiness(const std::string& below = "") const {
    return content("/pool/box" + below + "/memory.swappiness");
  }
};

TEST_F(SwapV1Test, IsClosedToWhatIsCreatedAndToAllBelow) {
  ASSERT_TRUE(cgroups({"freezer", "memory"})->create("box", {}));
  EXPECT_EQ(swappiness(), "0");
  EXPECT_EQ(swappiness("/pod"), "0");
}

TEST_F(SwapV1Test, IsOpenedAtEveryLevelByAReclaimAndClosedByAThaw) {
  ASSERT_TRUE(cgroups({"freezer", "memory"})->create("box", {}));
  ASSERT_TRUE(reclaim());
  EXPECT_EQ(swappiness(), "100");
  EXPECT_EQ(swappiness("/pod"), "100");
  EXPECT_EQ(content("/pool/box/memory.force_empty"), "0");
  ASSERT_TRUE(cgroups({"freezer", "memory"})->thaw("box"));
  EXPECT_EQ(swappiness(), "0");
  EXPECT_EQ(swappiness("/pod"), "0");
}

TEST_F(SwapV1Test, AThawNeedsNoMemoryController) {
  EXPECT_TRUE(cgroups({"freezer"})->thaw("box"));
  EXPECT_EQ(cgroups({"freezer"})->reclaim_support(), ReclaimSupport::kNoMemoryController);
  std::filesystem::remove(mount_ + "/pool/box/memory.swappiness");
  EXPECT_TRUE(cgroups({"freezer", "memory"})->thaw("box"));
}

TEST_F(SwapV1Test, UsageTellsOfMemoryAndOfSwap) {
  const auto usage = cgroups({"freezer", "memory"})->usage("box");
  ASSERT_TRUE(usage) << usage.error().message();
  EXPECT_EQ(usage->memory_total, 90'000'000U);
  EXPECT_EQ(usage->memory_swapped, 7000U);
}

TEST_F(SwapV1Test, ThePoolsMemoryIsReadWithItsLimit) {
  add("/pool", {{"memory.usage_in_bytes", "5000\n"},
                {"memory.stat", "total_inactive_file 2000\n"},
                {"memory.limit_in_bytes", "9223372036854771712\n"}});
  const auto all = cgroups({"freezer", "memory"});
  EXPECT_EQ(all->pool_memory()->used, 3000U);
  EXPECT_EQ(all->pool_memory()->limit, std::nullopt);
  add("/pool", {{"memory.limit_in_bytes", "8000\n"}});
  EXPECT_EQ(all->pool_memory()->limit, 8000U);
  EXPECT_EQ(cgroups({"freezer"})->pool_memory()->used, 0U);
}

}  // namespace
}  // namespace sandboxlet::agent
