#include "agent/suspend/testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "agent/suspend/cgroup_files.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

Hierarchies machine_hierarchies() {
  return parse_hierarchies(read_cgroup_file("/proc/self/mountinfo").value_or(""), "/sys/fs/cgroup");
}

std::string name_of(const testing::TestParamInfo<Freezers>& info) {
  return info.param == Freezers::kV1 ? "V1" : "V2";
}

CgroupsTest::CgroupsTest()
    : root_("/sandboxlet-test-" + std::to_string(getpid())), machine_(machine_hierarchies()) {}

void CgroupsTest::SetUp() {
  const bool v1 = GetParam() == Freezers::kV1;
  if (geteuid() != 0) GTEST_SKIP() << "making cgroups needs root";
  if (v1 && !machine_.v1.contains("freezer")) GTEST_SKIP() << "this machine has no v1 freezer";
  if (!v1 && machine_.v2.empty()) GTEST_SKIP() << "this machine has no cgroup v2 mount";
  cgroups_ = open();
  ASSERT_TRUE(cgroups_);
  const auto created = cgroups_->create(kName, {});
  ASSERT_TRUE(created) << created.error().message();
}

CgroupsTest::~CgroupsTest() {
  if (cgroups_) {
    for (const std::string& name : cgroups_->list().value_or(std::vector<std::string>())) {
      EXPECT_TRUE(cgroups_->kill(name)) << name;
      EXPECT_TRUE(cgroups_->remove(name)) << name;
    }
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    for (const auto& mount : machine_.mounts()) EXPECT_TRUE(remove_cgroup(mount + root_)) << mount;
  }
}

std::unique_ptr<Cgroups> CgroupsTest::open(const CgroupLimits& pool) const {
  const bool v1 = GetParam() == Freezers::kV1;
  auto opened = open_cgroups(root_, pool, v1 ? "/sys/fs/cgroup" : machine_.v2);
  EXPECT_TRUE(opened) << opened.error().message();
  return opened ? std::move(*opened) : nullptr;
}

std::string CgroupsTest::mount() const {
  return GetParam() == Freezers::kV1 ? machine_.v1.at("freezer") : machine_.v2;
}

std::string CgroupsTest::directory(const std::string& below) const {
  return mount() + root_ + "/" + kName + below;
}

void CgroupsTest::write_frozen(const std::string& below) const {
  const bool v1 = GetParam() == Freezers::kV1;
  EXPECT_TRUE(write_cgroup_file(directory(below) + (v1 ? "/freezer.state" : "/cgroup.freeze"),
                                v1 ? "FROZEN" : "1"));
}

void CgroupsTest::write_thawed() const {
  const bool v1 = GetParam() == Freezers::kV1;
  EXPECT_TRUE(write_cgroup_file(directory() + (v1 ? "/freezer.state" : "/cgroup.freeze"),
                                v1 ? "THAWED" : "0"));
}

pid_t CgroupsTest::start(const std::function<void()>& body, const std::string& below) {
  const std::string procs = directory(below) + "/cgroup.procs";
  int joined[2];
  EXPECT_EQ(pipe2(joined, O_CLOEXEC), 0);
  UniqueFd reader(joined[0]);
  UniqueFd writer(joined[1]);
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!write_cgroup_file(procs, "0")) _exit(1);
    reader.reset();
    writer.reset();
    body();
    _exit(0);
  }
  writer.reset();
  char end = 0;
  EXPECT_EQ(read(reader.get(), &end, 1), 0);
  return pid;
}

pid_t CgroupsTest::start_counting(const std::string& below) {
  const uint64_t before = *counter_;
  const pid_t pid = start(
      [this] {
        for (;;) ++*counter_, usleep(100);
      },
      below);
  while (*counter_ == before) std::this_thread::yield();
  return pid;
}

bool CgroupsTest::counts() const {
  const uint64_t before = *counter_;
  // Long enough for hundreds of its steps, where it may do one.
  for (int look = 0; look < 100; ++look) {
    usleep(500);
    if (*counter_ != before) return true;
  }
  return false;
}

int CgroupsTest::signal_of(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace sandboxlet::agent
