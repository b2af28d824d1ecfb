#include "tests/rig/private_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "agent/suspend/cgroups.h"
#include "base/command.h"
#include "cri/client.h"
#include "tests/rig/core_loop.h"
#include "tests/rig/eventually.h"
#include "tests/rig/pods.h"
#include "tests/rig/real_test.h"

namespace sandboxlet::test {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::SizeIs;

class PrivateRuntimeTest : public RealTest {
 protected:
  // A pod with a running counter.
  static void run_counter(const PrivateRuntime& runtime, const std::string& name) {
    CoreLoop loop;
    cri::Client client({.socket = runtime.socket()});
    auto pod = pod_config(runtime, name);
    auto pod_id = loop.run(client.run_pod_sandbox(pod, ""));
    ASSERT_TRUE(pod_id.has_value()) << pod_id.error().message();
    auto id =
        loop.run(client.create_container(*pod_id, container_config("counter", kCounterImage), pod));
    ASSERT_TRUE(id.has_value()) << id.error().message();
    auto started = loop.run(client.start_container(*id));
    ASSERT_TRUE(started.has_value()) << started.error().message();
  }

  static std::vector<cri::v1::PodSandbox> pods_of(const PrivateRuntime& runtime) {
    CoreLoop loop;
    cri::Client client({.socket = runtime.socket()});
    return loop.run(client.list_pod_sandbox({})).value();
  }
};

std::string contents(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Command lines that speak of a runtime's folder.
std::vector<std::string> processes_of(const std::string& dir) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    auto arguments = contents(entry.path() / "cmdline");
    if (arguments.find(dir) != std::string::npos) found.push_back(arguments);
  }
  return found;
}

std::string bridge_of(const std::string& dir) {
  auto conf = nlohmann::json::parse(contents(dir + "/cni/conf/10-bridge.conflist"));
  return conf["plugins"][0]["bridge"];
}

TEST_F(PrivateRuntimeTest, TwoAtTheSameTimeDoNotMeet) {
  auto other = PrivateRuntime::start();
  ASSERT_TRUE(other.has_value()) << other.error().message();
  run_counter(**other, "elsewhere");
  EXPECT_THAT(pods_of(**other), SizeIs(1));
  EXPECT_THAT(pods_of(runtime()), IsEmpty());
  EXPECT_NE(bridge_of((*other)->dir()), bridge_of(runtime().dir()));
}

TEST_F(PrivateRuntimeTest, StopLeavesNothingOfAFrozenPod) {
  auto started = PrivateRuntime::start();
  ASSERT_TRUE(started.has_value()) << started.error().message();
  auto& runtime = **started;
  run_counter(runtime, "frozen");
  auto cgroups = agent::open_cgroups(runtime.cgroup_root(), {});
  ASSERT_TRUE(cgroups.has_value()) << cgroups.error().message();
  auto frozen = (*cgroups)->freeze("frozen");
  ASSERT_TRUE(frozen.has_value()) << frozen.error().message();
  const auto bridge = bridge_of(runtime.dir());
  ASSERT_TRUE(fs::exists("/sys/class/net/" + bridge));

  auto stopped = runtime.stop();
  ASSERT_TRUE(stopped.has_value()) << stopped.error().message();
  EXPECT_FALSE(fs::exists(runtime.dir()));
  EXPECT_FALSE(fs::exists("/sys/class/net/" + bridge));
  EXPECT_THAT(processes_of(runtime.dir()), IsEmpty());
  EXPECT_THAT(contents("/proc/self/mountinfo"), testing::Not(testing::HasSubstr(runtime.dir())));
  EXPECT_FALSE(fs::exists("/sys/fs/cgroup" + runtime.cgroup_root()));
  for (const auto& hierarchy : fs::directory_iterator("/sys/fs/cgroup")) {
    EXPECT_FALSE(fs::exists(hierarchy.path().string() + runtime.cgroup_root())) << hierarchy.path();
  }
}

TEST_F(PrivateRuntimeTest, StopTwiceIsAsGoodAsOnce) {
  auto started = PrivateRuntime::start();
  ASSERT_TRUE(started.has_value()) << started.error().message();
  ASSERT_TRUE((*started)->stop().has_value());
  auto again = (*started)->stop();
  EXPECT_TRUE(again.has_value()) << again.error().message();
}

TEST_F(PrivateRuntimeTest, StopsWhenItsParentWasKilled) {
  const pid_t parent = fork();
  if (parent == 0) {
    pause();
    _exit(0);
  }
  const std::string dir = runtime().dir() + "/child";
  const std::string tool = SANDBOXLET_SOURCE_DIR "/tools/private-runtime";
  auto started = run_command({tool, "start", dir, "--with-parent", std::to_string(parent)});
  ASSERT_TRUE(started.has_value()) << started.error().message();
  ASSERT_EQ(kill(parent, SIGKILL), 0);
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
  EXPECT_TRUE(eventually([&] { return !fs::exists(dir) && processes_of(dir).empty(); }));
}

}  // namespace
}  // namespace sandboxlet::test
