#include "agent/suspend/memory_testing.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "agent/suspend/cgroup_files.h"

namespace sandboxlet::agent {

namespace {

// Pages that compress to a half or so, each its own.
void fill(std::vector<uint64_t>& words) {
  std::mt19937_64 random(words.size());
  for (size_t i = 0; i < words.size(); ++i) words[i] = i % 512 < 200 ? random() : i / 8;
}

bool is_filled(const std::vector<uint64_t>& words) {
  std::mt19937_64 random(words.size());
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] != (i % 512 < 200 ? random() : i / 8)) return false;
  }
  return true;
}

}  // namespace

std::vector<Freezers> freezers_with_memory() {
  const Hierarchies machine = machine_hierarchies();
  const auto controllers = read_cgroup_file(machine.v2 + "/cgroup.controllers").value_or("");
  std::vector<Freezers> found;
  if (controllers.find("memory") != std::string::npos) found.push_back(Freezers::kV2);
  if (machine.v1.contains("memory") || found.empty()) found.push_back(Freezers::kV1);
  return found;
}

void MemoryTest::SetUp() {
  CgroupsTest::SetUp();
  if (IsSkipped()) return;
  if (cgroups_->reclaim_support() == ReclaimSupport::kNoMemoryController) {
    GTEST_SKIP() << "this machine has no memory controller";
  }
  add_pod(kName);
}

std::string MemoryTest::memory_directory(const std::string& name) const {
  const std::string mount =
      is_v1() ? machine_hierarchies().v1.at("memory") : machine_hierarchies().v2;
  return mount + root_ + "/" + name;
}

void MemoryTest::add_pod(const std::string& name) {
  if (is_v1()) {
    ASSERT_TRUE(make_cgroup(directory("/../" + name + "/pod")));
  } else {
    ASSERT_TRUE(write_cgroup_file(memory_directory(name) + "/cgroup.subtree_control", "+memory"));
  }
  ASSERT_TRUE(make_cgroup(memory_directory(name) + "/pod"));
}

pid_t MemoryTest::start_holding(uint64_t bytes, const std::string& name) {
  *filled_ = 0;
  const std::string procs = memory_directory(name) + "/pod/cgroup.procs";
  const pid_t pid = start(
      [=, this] {
        if (is_v1() && !write_cgroup_file(procs, "0")) _exit(1);
        hold(bytes / sizeof(uint64_t));
      },
      "/../" + name + "/pod");
  await_filled(1, pid);
  return pid;
}

// Answers false where it has died over it.
bool MemoryTest::await_filled(int times, pid_t pid) {
  while (*filled_ < times) {
    siginfo_t info{};
    waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT);
    if (info.si_pid == pid) return false;
    std::this_thread::yield();
  }
  return true;
}

bool MemoryTest::grows(pid_t pid) {
  const int before = *filled_;
  kill(pid, SIGUSR1);
  return await_filled(before + 1, pid);
}

bool MemoryTest::kept_all(pid_t pid) {
  kill(pid, SIGUSR2);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void MemoryTest::hold(size_t words) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::vector<std::vector<uint64_t>> all;
  for (int signal = SIGUSR1; signal == SIGUSR1; sigwait(&signals, &signal)) {
    fill(all.emplace_back(words));
    ++*filled_;
  }
  for (const auto& one : all) {
    if (!is_filled(one)) _exit(1);
  }
  _exit(0);
}

}  // namespace sandboxlet::agent
