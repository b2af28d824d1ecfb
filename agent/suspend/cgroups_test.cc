#include "agent/suspend/cgroups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/testing.h"
#include "agent/suspend/wait.h"

namespace sandboxlet::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Machine, CgroupsTest, testing::Values(Freezers::kV1, Freezers::kV2),
                         name_of);

TEST_P(CgroupsTest, AFrozenProcessStandsStillAndGoesOnWhenThawed) {
  start_counting();
  ASSERT_TRUE(cgroups_->freeze(kName));
  EXPECT_EQ(*cgroups_->state(kName), FreezerState::kFrozen);
  EXPECT_FALSE(counts());
  ASSERT_TRUE(cgroups_->thaw(kName));
  EXPECT_EQ(*cgroups_->state(kName), FreezerState::kThawed);
  EXPECT_TRUE(counts());
}

TEST_P(CgroupsTest, FreezingAndThawingAreIdempotent) {
  start_counting();
  EXPECT_TRUE(cgroups_->thaw(kName));
  EXPECT_TRUE(cgroups_->freeze(kName));
  EXPECT_TRUE(cgroups_->freeze(kName));
  EXPECT_FALSE(counts());
  EXPECT_TRUE(cgroups_->thaw(kName));
  EXPECT_TRUE(cgroups_->thaw(kName));
  EXPECT_TRUE(counts());
}

TEST_P(CgroupsTest, AnEmptyCgroupFreezesAndKeepsWhatComesLater) {
  ASSERT_TRUE(cgroups_->freeze(kName));
  EXPECT_EQ(*cgroups_->state(kName), FreezerState::kFrozen);
  EXPECT_TRUE(cgroups_->remove(kName));
}

TEST_P(CgroupsTest, FreezingReachesEveryLevelBelow) {
  ASSERT_TRUE(make_cgroup(directory("/pod")));
  ASSERT_TRUE(make_cgroup(directory("/pod/deep")));
  const pid_t pid = start_counting("/pod/deep");
  ASSERT_TRUE(cgroups_->freeze(kName));
  EXPECT_FALSE(counts());
  EXPECT_THAT(*cgroups_->processes(kName), ElementsAre(pid));
}

TEST_P(CgroupsTest, CreatingAndRemovingAreIdempotent) {
  EXPECT_TRUE(cgroups_->create(kName, {}));
  EXPECT_THAT(*cgroups_->list(), ElementsAre(kName));
  EXPECT_TRUE(cgroups_->remove(kName));
  EXPECT_TRUE(cgroups_->remove(kName));
  EXPECT_THAT(*cgroups_->list(), IsEmpty());
  EXPECT_TRUE(cgroups_->create(kName, {}));
}

TEST_P(CgroupsTest, RemovingTakesWhatIsLeftBelow) {
  ASSERT_TRUE(make_cgroup(directory("/left")));
  ASSERT_TRUE(make_cgroup(directory("/left/.hidden")));
  EXPECT_TRUE(cgroups_->remove(kName));
  EXPECT_THAT(*cgroups_->list(), IsEmpty());
}

TEST_P(CgroupsTest, RemovingFailsWhileProcessesLive) {
  start_counting();
  EXPECT_EQ(cgroups_->remove(kName).error().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(counts());
}

TEST_P(CgroupsTest, WhatIsNotThereIsNotFound) {
  for (const auto code :
       {cgroups_->state("none").error().code(), cgroups_->freeze("none").error().code(),
        cgroups_->thaw("none").error().code(), cgroups_->kill("none").error().code(),
        cgroups_->processes("none").error().code(), cgroups_->usage("none").error().code()}) {
    EXPECT_EQ(code, Code::kNotFound);
  }
}

TEST_P(CgroupsTest, NamesMakeNoPaths) {
  for (const char* name : {"", ".", "..", "a/b", "A", "a b", "a\n"}) {
    EXPECT_EQ(cgroups_->create(name, {}).error().code(), Code::kInvalidArgument) << name;
    EXPECT_EQ(cgroups_->freeze(name).error().code(), Code::kInvalidArgument) << name;
    EXPECT_EQ(cgroups_->kill(name).error().code(), Code::kInvalidArgument) << name;
    EXPECT_EQ(cgroups_->remove(name).error().code(), Code::kInvalidArgument) << name;
  }
}

TEST_P(CgroupsTest, AStrangersCgroupIsNotListed) {
  ASSERT_TRUE(make_cgroup(directory("/../Not_Ours")));
  EXPECT_THAT(*cgroups_->list(), ElementsAre(kName));
}

TEST_P(CgroupsTest, KnowsItsOwnProcesses) {
  ASSERT_TRUE(cgroups_->create("boxes", {}));
  ASSERT_TRUE(make_cgroup(directory("/pod")));
  const pid_t pid = start_counting("/pod");
  EXPECT_TRUE(*cgroups_->contains(kName, pid));
  EXPECT_FALSE(*cgroups_->contains("boxes", pid));
  EXPECT_FALSE(*cgroups_->contains(kName, getpid()));
  ASSERT_TRUE(cgroups_->kill(kName));
  signal_of(pid);
  EXPECT_FALSE(*cgroups_->contains(kName, pid));
}

TEST_P(CgroupsTest, CountsProcessesAndProcessorTime) {
  start_counting();
  start_counting();
  uint64_t before = cgroups_->usage(kName)->cpu_nanoseconds;
  const auto usage = cgroups_->usage(kName);
  ASSERT_TRUE(usage) << usage.error().message();
  EXPECT_EQ(usage->processes, 2U);
  EXPECT_GE(usage->cpu_nanoseconds, before);
}

TEST_P(CgroupsTest, CountsProcessorTimeUntilTheCgroupIsGone) {
  const Hierarchies machine = machine_hierarchies();
  const auto counting = machine.v1.find("cpuacct");
  const bool is_v1 = GetParam() == Freezers::kV1 && counting != machine.v1.end();
  start([&] {
    if (is_v1 && !write_cgroup_file(counting->second + root_ + "/box/cgroup.procs", "0")) _exit(1);
    for (;;) std::this_thread::yield();
  });
  const auto counter = cgroups_->count_cpu(kName);
  ASSERT_TRUE(counter) << counter.error().message();
  const auto first = (*counter)();
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_TRUE(wait_until(std::chrono::seconds(10), [&] { return *(*counter)() > *first; }));
  ASSERT_TRUE(cgroups_->kill(kName));
  ASSERT_TRUE(cgroups_->remove(kName));
  EXPECT_FALSE((*counter)());
  EXPECT_FALSE(cgroups_->count_cpu(kName));
}

TEST(OpenCgroups, RefusesARootOfMoreThanOneLevel) {
  for (const char* root : {"", "/", "sandboxlet", "/a/b", "/.."}) {
    EXPECT_EQ(open_cgroups(root, {}).error().code(), Code::kInvalidArgument) << root;
  }
}

TEST(OpenCgroups, SaysWhereItLookedForAFreezer) {
  const auto opened = open_cgroups("/sandboxlet-test-none", {}, "/nowhere");
  EXPECT_EQ(opened.error().code(), Code::kUnimplemented);
  EXPECT_THAT(opened.error().message(), testing::HasSubstr("/nowhere"));
}

}  // namespace
}  // namespace sandboxlet::agent
