#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/fake_cgroupfs.h"
#include "agent/suspend/testing.h"

namespace sandboxlet::agent {
namespace {

constexpr char kBox[] = "/pool/box";

CgroupLimits some_limits() {
  return {.memory_bytes = 64 << 20, .cpu_shares = 512, .cpu_quota = 50'000, .pids = 32};
}

class FakeV2Test : public FakeCgroupfsTest {
 protected:
  FakeV2Test() {
    for (const char* directory : {"", "/pool", kBox}) {
      add(directory,
          {{"cgroup.controllers", "cpuset cpu io memory pids\n"}, {"cgroup.subtree_control", ""}});
    }
  }
  void add_controllers() {
    add(kBox,
        {{"memory.max", "1\n"}, {"cpu.weight", "1\n"}, {"cpu.max", "1 1\n"}, {"pids.max", "1\n"}});
  }
  std::unique_ptr<Cgroups> cgroups() const {
    return make_cgroups_v2("/pool", Hierarchies{.v1 = {}, .v2 = mount_});
  }
};

TEST_F(FakeV2Test, WritesEachLimit) {
  add_controllers();
  const auto created = cgroups()->create("box", some_limits());
  ASSERT_TRUE(created) << created.error().message();
  EXPECT_EQ(content("/pool/box/memory.max"), "67108864");
  EXPECT_EQ(content("/pool/box/cpu.weight"), "20");
  EXPECT_EQ(content("/pool/box/cpu.max"), "50000 100000");
  EXPECT_EQ(content("/pool/box/pids.max"), "32");
}

TEST_F(FakeV2Test, LiftsALimitThatIsNotSet) {
  add_controllers();
  ASSERT_TRUE(cgroups()->create("box", {}));
  EXPECT_EQ(content("/pool/box/memory.max"), "max");
  EXPECT_EQ(content("/pool/box/cpu.weight"), "100");
  EXPECT_EQ(content("/pool/box/cpu.max"), "max 100000");
  EXPECT_EQ(content("/pool/box/pids.max"), "max");
}

TEST_F(FakeV2Test, ConvertsSharesAsTheRuntimeDoes) {
  add_controllers();
  const std::map<int64_t, std::string> weights{
      {0, "1"}, {2, "1"}, {1024, "39"}, {262144, "10000"}, {1'000'000, "10000"}};
  for (const auto& [shares, weight] : weights) {
    CgroupLimits limits;
    limits.cpu_shares = shares;
    ASSERT_TRUE(cgroups()->create("box", limits));
    EXPECT_EQ(content("/pool/box/cpu.weight"), weight) << shares;
  }
}

TEST_F(FakeV2Test, HandsDownTheControllersThatLimit) {
  add_controllers();
  ASSERT_TRUE(cgroups()->create("box", {}));
  EXPECT_EQ(content("/pool/cgroup.subtree_control"), "+pids");
  // The box's own are the runtime's to hand down: a cgroup that has done so takes no processes.
  EXPECT_EQ(content("/pool/box/cgroup.subtree_control"), "");
}

TEST_F(FakeV2Test, AMissingControllerIsAnErrorOnlyWhereItIsToLimit) {
  add(kBox, {{"cpu.weight", ""}, {"cpu.max", ""}, {"pids.max", ""}});
  EXPECT_TRUE(cgroups()->create("box", {}));
  const auto created = cgroups()->create("box", some_limits());
  EXPECT_EQ(created.error().code(), Code::kUnimplemented);
  EXPECT_THAT(created.error().message(), testing::HasSubstr("memory.max"));
}

TEST_F(FakeV2Test, WhatIsHalfFrozenIsFreezing) {
  add(kBox, {{"cgroup.freeze", "1\n"}, {"cgroup.events", "populated 1\nfrozen 0\n"}});
  EXPECT_EQ(*cgroups()->state("box"), FreezerState::kFreezing);
  EXPECT_FALSE(cgroups()->freeze("box"));
  EXPECT_EQ(content("/pool/box/cgroup.freeze"), "0");
}

TEST_F(FakeV2Test, TheInactiveFileCacheIsNotInTheWorkingSet) {
  add(kBox, {{"cpu.stat", "usage_usec 7\nuser_usec 3\n"},
             {"memory.current", "5000\n"},
             {"memory.stat", "anon 1\ninactive_file 2000\n"},
             {"cgroup.procs", "11\n12\n"}});
  const auto usage = cgroups()->usage("box");
  ASSERT_TRUE(usage) << usage.error().message();
  EXPECT_EQ(usage->cpu_nanoseconds, 7000U);
  EXPECT_EQ(usage->memory_working_set, 3000U);
  EXPECT_EQ(usage->processes, 2U);
}

class FakeV1Test : public FakeCgroupfsTest {
 protected:
  std::unique_ptr<Cgroups> cgroups(const std::vector<std::string>& controllers) const {
    Hierarchies hierarchies;
    for (const auto& controller : controllers) hierarchies.v1[controller] = mount_;
    return make_cgroups_v1("/pool", hierarchies);
  }
};

TEST_F(FakeV1Test, AMissingControllerIsAnErrorOnlyWhereItIsToLimit) {
  add(kBox, {});
  EXPECT_TRUE(cgroups({"freezer"})->create("box", {}));
  const auto created = cgroups({"freezer"})->create("box", some_limits());
  EXPECT_EQ(created.error().code(), Code::kUnimplemented);
  EXPECT_THAT(created.error().message(), testing::HasSubstr("memory"));
}

TEST_F(FakeV1Test, AQuotaFitsIntoThePools) {
  add("/pool", {{"cpu.cfs_quota_us", "20000\n"}});
  add(kBox, {{"cpu.shares", ""}, {"cpu.cfs_period_us", ""}, {"cpu.cfs_quota_us", ""}});
  CgroupLimits limits;
  limits.cpu_quota = 50'000;
  ASSERT_TRUE(cgroups({"freezer", "cpu"})->create("box", limits));
  EXPECT_EQ(content("/pool/box/cpu.cfs_quota_us"), "20000");
  add("/pool", {{"cpu.cfs_quota_us", "-1\n"}});
  ASSERT_TRUE(cgroups({"freezer", "cpu"})->create("box", limits));
  EXPECT_EQ(content("/pool/box/cpu.cfs_quota_us"), "50000");
}

// kill(2) with 0 would signal the caller's own process group.
TEST_F(FakeV1Test, AProcessOfAForeignPidNamespaceIsNotSignalled) {
  add(kBox, {{"cgroup.procs", "0\n"}, {"freezer.state", "THAWED\n"}});
  const auto killed = cgroups({"freezer"})->kill("box");
  EXPECT_EQ(killed.error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(content("/pool/box/freezer.state"), "THAWED");
}

class V1LimitsTest : public CgroupsTest {
 protected:
  std::string content(const std::string& controller, const std::string& file) const {
    const std::string path = machine_hierarchies().v1.at(controller) + root_ + "/" + kName;
    std::string text = read_cgroup_file(path + "/" + file).value_or("none");
    return text.substr(0, text.find('\n'));
  }
};
INSTANTIATE_TEST_SUITE_P(Machine, V1LimitsTest, testing::Values(Freezers::kV1), name_of);

TEST_P(V1LimitsTest, AreHeldAndLifted) {
  const auto created = cgroups_->create(kName, some_limits());
  ASSERT_TRUE(created) << created.error().message();
  EXPECT_EQ(content("memory", "memory.limit_in_bytes"), "67108864");
  EXPECT_EQ(content("cpu", "cpu.shares"), "512");
  EXPECT_EQ(content("cpu", "cpu.cfs_quota_us"), "50000");
  EXPECT_EQ(content("pids", "pids.max"), "32");
  ASSERT_TRUE(cgroups_->create(kName, {}));
  EXPECT_GT(content("memory", "memory.limit_in_bytes").size(), 15U);
  EXPECT_EQ(content("cpu", "cpu.shares"), "1024");
  EXPECT_EQ(content("cpu", "cpu.cfs_quota_us"), "-1");
  EXPECT_EQ(content("pids", "pids.max"), "max");
}

TEST_P(V1LimitsTest, OfThePoolHoldForTheBoxes) {
  CgroupLimits pool;
  pool.cpu_quota = 20'000;
  ASSERT_TRUE(open_cgroups(root_, pool));
  const auto created = cgroups_->create(kName, some_limits());
  ASSERT_TRUE(created) << created.error().message();
  EXPECT_EQ(content("cpu", "cpu.cfs_quota_us"), "20000");
}

TEST_P(V1LimitsTest, UsageIsThere) {
  start_counting();
  const auto usage = cgroups_->usage(kName);
  ASSERT_TRUE(usage) << usage.error().message();
  EXPECT_EQ(usage->processes, 1U);
}

}  // namespace
}  // namespace sandboxlet::agent
