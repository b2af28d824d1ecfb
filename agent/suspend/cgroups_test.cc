#include "agent/suspend/cgroups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/hierarchies.h"

namespace sandboxlet::agent {
namespace {

constexpr char kName[] = "box";

// The machine's own hierarchies: v1 controllers, or v2 alone.
struct Layout {
  const char* name;
  const char* mount_root;
};

std::string reason_to_skip(const Layout& layout) {
  if (geteuid() != 0) return "making cgroups needs root";
  std::ifstream file("/proc/self/mountinfo");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto found = parse_hierarchies(text, layout.mount_root);
  if (std::string(layout.name) == "v2" && found.v2.empty()) return "no cgroup v2 mount";
  if (std::string(layout.name) == "v1" && !found.v1.contains("freezer")) {
    return "no cgroup v1 freezer";
  }
  return "";
}

class CgroupsTest : public testing::TestWithParam<Layout> {
 protected:
  void SetUp() override {
    if (const auto reason = reason_to_skip(GetParam()); !reason.empty()) GTEST_SKIP() << reason;
    auto opened = open_cgroups(root_, {}, GetParam().mount_root);
    ASSERT_TRUE(opened) << opened.error().message();
    cgroups_ = std::move(*opened);
    ASSERT_TRUE(cgroups_->create(kName, {}));
    counter_ = static_cast<std::atomic<uint64_t>*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  }
  void TearDown() override {
    if (!cgroups_) return;
    EXPECT_TRUE(cgroups_->kill(kName));
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    EXPECT_TRUE(cgroups_->remove(kName));
    munmap(counter_, 4096);
    std::ifstream file("/proc/self/mountinfo");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    for (const auto& mount : parse_hierarchies(text, GetParam().mount_root).mounts()) {
      EXPECT_TRUE(remove_cgroup(mount + root_));
    }
  }

  std::string directory(const std::string& below = "") const {
    const bool v2 = std::string(GetParam().name) == "v2";
    return std::string(GetParam().mount_root) + (v2 ? "" : "/freezer") + root_ + "/" + kName +
           below;
  }
  // A child of this process in the cgroup that runs body and never comes back from it.
  template <class Body>
  pid_t start(const std::string& below, Body body) {
    const std::string procs = directory(below) + "/cgroup.procs";
    int joined[2];
    EXPECT_EQ(pipe(joined), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      if (!write_cgroup_file(procs, "0")) _exit(1);
      close(joined[0]);
      close(joined[1]);
      body();
      _exit(0);
    }
    close(joined[1]);
    char end = 0;
    EXPECT_EQ(read(joined[0], &end, 1), 0);
    close(joined[0]);
    return pid;
  }
  pid_t start_counting(const std::string& below = "") {
    const pid_t pid = start(below, [this] {
      for (;;) ++*counter_, usleep(100);
    });
    const uint64_t before = *counter_;
    while (*counter_ == before) std::this_thread::yield();
    return pid;
  }
  // True where the counter stands still over many of its steps.
  bool counts() const {
    const uint64_t before = *counter_;
    for (int step = 0; step < 100; ++step) {
      usleep(500);
      if (*counter_ != before) return true;
    }
    return false;
  }

  const std::string root_ = "/sandboxlet-test-cgroups-" + std::to_string(getpid());
  std::unique_ptr<Cgroups> cgroups_;
  std::atomic<uint64_t>* counter_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Layouts, CgroupsTest,
                         testing::Values(Layout{"v1", "/sys/fs/cgroup"},
                                         Layout{"v2", "/sys/fs/cgroup/unified"}),
                         [](const auto& info) { return info.param.name; });

TEST_P(CgroupsTest, AFrozenProcessStandsStillAndGoesOnWhenThawed) {
  start_counting();
  ASSERT_TRUE(cgroups_->freeze(kName));
  EXPECT_EQ(*cgroups_->state(kName), FreezerState::kFrozen);
  EXPECT_FALSE(counts());
  ASSERT_TRUE(cgroups_->thaw(kName));
  EXPECT_EQ(*cgroups_->state(kName), FreezerState::kThawed);
  EXPECT_TRUE(counts());
}

TEST_P(CgroupsTest, FreezingReachesEveryLevelBelow) {
  ASSERT_TRUE(make_cgroup(directory("/pod")));
  ASSERT_TRUE(make_cgroup(directory("/pod/deep")));
  const pid_t pid = start_counting("/pod/deep");
  ASSERT_TRUE(cgroups_->freeze(kName));
  EXPECT_FALSE(counts());
  EXPECT_THAT(*cgroups_->processes(kName), testing::ElementsAre(pid));
}

// suspend.md, trap 1.
TEST_P(CgroupsTest, AFreezeThatMeetsAnExecveEndsFrozenOrThawedButNeverBetween) {
  for (int round = 0; round < 60; ++round) {
    start("", [] {
      std::thread sibling([] { pause(); });
      sibling.detach();
      execl("/bin/sleep", "sleep", "0.2", nullptr);
    });
    for (int turn = 0; turn < round % 8; ++turn) std::this_thread::yield();
    const auto frozen = cgroups_->freeze(kName);
    EXPECT_EQ(*cgroups_->state(kName), frozen ? FreezerState::kFrozen : FreezerState::kThawed);
    ASSERT_TRUE(cgroups_->thaw(kName));
  }
}

// suspend.md, trap 3.
TEST_P(CgroupsTest, KillReachesAFrozenProcess) {
  const pid_t pid = start_counting();
  ASSERT_TRUE(cgroups_->freeze(kName));
  std::thread reaper([pid] { waitpid(pid, nullptr, 0); });
  EXPECT_TRUE(cgroups_->kill(kName));
  reaper.join();
  EXPECT_THAT(*cgroups_->processes(kName), testing::IsEmpty());
  EXPECT_EQ(*cgroups_->state(kName), FreezerState::kThawed);
}

TEST_P(CgroupsTest, KillReachesWhatForksFasterThanItIsListed) {
  for (int chain = 0; chain < 8; ++chain) {
    start("", [] {
      signal(SIGCHLD, SIG_IGN);
      // Each generation forks the next and goes.
      while (fork() == 0) {
      }
    });
  }
  std::atomic<bool> done = false;
  std::thread reaper([&] {
    while (!done) waitpid(-1, nullptr, WNOHANG), usleep(1000);
  });
  EXPECT_TRUE(cgroups_->kill(kName));
  done = true;
  reaper.join();
  EXPECT_THAT(*cgroups_->processes(kName), testing::IsEmpty());
}

TEST_P(CgroupsTest, CreatingAndRemovingAreIdempotent) {
  EXPECT_TRUE(cgroups_->create(kName, {}));
  EXPECT_THAT(*cgroups_->list(), testing::ElementsAre(kName));
  ASSERT_TRUE(make_cgroup(directory("/left")));
  ASSERT_TRUE(make_cgroup(directory("/left/over")));
  EXPECT_TRUE(cgroups_->remove(kName));
  EXPECT_TRUE(cgroups_->remove(kName));
  EXPECT_THAT(*cgroups_->list(), testing::IsEmpty());
  EXPECT_EQ(cgroups_->state(kName).error().code(), Code::kNotFound);
  EXPECT_TRUE(cgroups_->create(kName, {}));
}

TEST_P(CgroupsTest, NamesMakeNoPaths) {
  for (const char* name : {"", "..", "a/b", "A", "a b"}) {
    EXPECT_EQ(cgroups_->create(name, {}).error().code(), Code::kInvalidArgument) << name;
    EXPECT_EQ(cgroups_->remove(name).error().code(), Code::kInvalidArgument) << name;
  }
}

TEST_P(CgroupsTest, KnowsItsOwnProcesses) {
  const pid_t pid = start_counting();
  EXPECT_TRUE(*cgroups_->contains(kName, pid));
  EXPECT_FALSE(*cgroups_->contains(kName, getpid()));
}

CgroupLimits some_limits() {
  CgroupLimits limits;
  limits.memory_bytes = 64 << 20;
  limits.cpu_shares = 512;
  limits.cpu_quota = 50'000;
  limits.pids = 32;
  return limits;
}

class CgroupsV1Test : public CgroupsTest {};
INSTANTIATE_TEST_SUITE_P(Layouts, CgroupsV1Test, testing::Values(Layout{"v1", "/sys/fs/cgroup"}));

TEST_P(CgroupsV1Test, HoldsItsLimits) {
  const auto created = cgroups_->create(kName, some_limits());
  ASSERT_TRUE(created) << created.error().message();
  const std::string path = root_ + "/" + kName;
  EXPECT_EQ(*read_cgroup_file("/sys/fs/cgroup/memory" + path + "/memory.limit_in_bytes"),
            "67108864\n");
  EXPECT_EQ(*read_cgroup_file("/sys/fs/cgroup/cpu" + path + "/cpu.shares"), "512\n");
  EXPECT_EQ(*read_cgroup_file("/sys/fs/cgroup/cpu" + path + "/cpu.cfs_quota_us"), "50000\n");
  EXPECT_EQ(*read_cgroup_file("/sys/fs/cgroup/pids" + path + "/pids.max"), "32\n");
  start_counting();
  const auto usage = cgroups_->usage(kName);
  ASSERT_TRUE(usage) << usage.error().message();
  EXPECT_EQ(usage->processes, 1);
}

// v2 controllers are not on every test machine: files stand in for them.
TEST(CgroupsV2, HoldsItsLimits) {
  namespace fs = std::filesystem;
  char name[] = "/tmp/cgroup2-XXXXXX";
  const std::string mount = mkdtemp(name);
  const std::string path = mount + "/pool/box";
  fs::create_directories(path);
  for (const auto& directory : {mount, mount + "/pool", path}) {
    std::ofstream(directory + "/cgroup.controllers") << "cpuset cpu memory pids\n";
    std::ofstream(directory + "/cgroup.subtree_control") << "";
  }
  for (const char* file : {"memory.max", "cpu.weight", "cpu.max", "pids.max"}) {
    std::ofstream(path + "/" + file) << "max\n";
  }
  Hierarchies hierarchies;
  hierarchies.v2 = mount;
  const auto cgroups = make_cgroups_v2("/pool", hierarchies);
  const auto created = cgroups->create("box", some_limits());
  EXPECT_TRUE(created) << created.error().message();
  EXPECT_THAT(*read_cgroup_file(path + "/memory.max"), testing::StartsWith("67108864"));
  EXPECT_THAT(*read_cgroup_file(path + "/cpu.weight"), testing::StartsWith("20"));
  EXPECT_EQ(*read_cgroup_file(path + "/cpu.max"), "50000 100000");
  EXPECT_THAT(*read_cgroup_file(path + "/pids.max"), testing::StartsWith("32"));
  EXPECT_THAT(*read_cgroup_file(mount + "/pool/cgroup.subtree_control"),
              testing::StartsWith("+pids"));
  fs::remove_all(mount);
}

TEST(Hierarchies, AreFoundInEachLayout) {
  const std::string v1 =
      "1 0 0:1 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "2 0 0:2 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n";
  const std::string hybrid = v1 + "3 0 0:3 / /sys/fs/cgroup/unified rw s:1 - cgroup2 cgroup2 rw\n";
  const std::string v2 = "3 0 0:3 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
  const std::string root = "/sys/fs/cgroup";
  EXPECT_EQ(parse_hierarchies(v1, root).v1.at("cpuacct"), root + "/cpu,cpuacct");
  EXPECT_EQ(parse_hierarchies(v1, root).mounts().size(), 2);
  EXPECT_EQ(parse_hierarchies(v1, root).v2, "");
  EXPECT_EQ(parse_hierarchies(hybrid, root).v2, root + "/unified");
  EXPECT_EQ(parse_hierarchies(v2, root).v2, root);
  EXPECT_EQ(parse_hierarchies(v2, "/elsewhere").v2, "");
}

}  // namespace
}  // namespace sandboxlet::agent
