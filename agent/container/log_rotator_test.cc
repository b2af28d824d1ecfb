#include "agent/container/log_rotator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/container/testing.h"
#include "base/manual_loop.h"
#include "cri/fake.h"

namespace sandboxlet::agent {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kReopen[] = "ReopenContainerLog";

// Real files; the pool is the loop itself, so that time stands still while they are worked on.
class LogRotatorTest : public testing::Test, public LogDirectory {
 protected:
  LogRotatorTest() {
    // A runtime that opens a new log when it is told to.
    runtime_.set_fault_source([this](const cri::FakeCall& call) {
      if (call.verb == kReopen) append("0.log", "");
      return cri::FakeFault();
    });
    rotator_.start();
  }

  std::string run_container() {
    cri::v1::PodSandboxConfig pod;
    pod.mutable_metadata()->set_name("pod");
    const auto pod_id = loop_.run(runtime_.run_pod_sandbox(pod, ""));
    runtime_.state().add_image("image");
    cri::v1::ContainerConfig config;
    config.mutable_metadata()->set_name("main");
    config.mutable_image()->set_image("image");
    const auto id = loop_.run(runtime_.create_container(*pod_id, config, pod));
    EXPECT_TRUE(id && loop_.run(runtime_.start_container(*id)));
    return *id;
  }
  void run(uint32_t attempt = 0) { running_ = {{container_, path(), attempt, "ns/box/main"}}; }
  void stop_running() { running_.clear(); }
  void look() { loop_.run_for(seconds(1)); }
  int reopens() { return runtime_.state().container(container_)->log_reopens; }

  ManualLoop loop_;
  cri::FakeRuntime runtime_{loop_.clock()};
  const std::string container_ = run_container();
  std::vector<RunningLog> running_;
  LogRotator rotator_{{loop_.io(),
                       loop_.clock(),
                       runtime_,
                       loop_.io().get_executor(),
                       {.max_size = 10, .max_files = 3},
                       [this] { return running_; }}};
};

TEST_F(LogRotatorTest, RotatesAFullLogAndKeepsSoManyFiles) {
  run();
  for (int round = 0; round < 6; ++round) {
    append("0.log", "0123456789");
    look();
    look();
    EXPECT_LE(names().size(), 3);
  }
  EXPECT_EQ(reopens(), 6);
  const auto files = names();
  ASSERT_THAT(files, SizeIs(3));
  EXPECT_EQ(files[0], "0.log");
  EXPECT_THAT(files[1], testing::EndsWith(".gz"));
  EXPECT_EQ(text(files[1]), "0123456789");
  EXPECT_THAT(files[2], testing::Not(testing::EndsWith(".gz")));
}

TEST_F(LogRotatorTest, LeavesAloneWhatIsSmallAndWhatDoesNotRun) {
  append("0.log", "012345678");
  run();
  look();
  append("0.log", "9");
  stop_running();
  look();
  EXPECT_THAT(names(), ElementsAre("0.log"));
  EXPECT_EQ(reopens(), 0);
}

TEST_F(LogRotatorTest, MendsWhatAnAgentsDeathBetweenRenamingAndReopeningLeft) {
  append("0.log.20260101-000000", "0123456789");
  run();
  look();
  EXPECT_EQ(reopens(), 1);
  EXPECT_THAT(names(), ElementsAre("0.log", "0.log.20260101-000000"));
  look();
  EXPECT_EQ(reopens(), 1);
}

TEST_F(LogRotatorTest, ARuntimeThatFailsKeepsItsLog) {
  append("0.log", "0123456789");
  run();
  runtime_.fail_always(kReopen, {.error = Error(Code::kUnavailable, "away")});
  look();
  look();
  EXPECT_THAT(names(), ElementsAre("0.log"));
  runtime_.fail_always(kReopen, {});
  look();
  EXPECT_EQ(reopens(), 1);
  EXPECT_THAT(names(), ElementsAre(testing::StartsWith("0.log.")));
}

TEST_F(LogRotatorTest, RotatesOneContainerOnceAtATime) {
  append("0.log", "0123456789");
  run();
  runtime_.fail_once(kReopen, {.delay = seconds(5), .done = true});
  loop_.run_for(seconds(4));
  EXPECT_EQ(std::count(runtime_.calls().begin(), runtime_.calls().end(),
                       cri::FakeCall{kReopen, container_}),
            1);
}

TEST_F(LogRotatorTest, ADirectoryThatIsGoneIsNoReasonToReopen) {
  running_ = {{container_, path("gone"), 0, "ns/box/main"}};
  look();
  EXPECT_EQ(reopens(), 0);
}

TEST_F(LogRotatorTest, LooksNoMoreOnceStopped) {
  append("0.log", "0123456789");
  run();
  rotator_.stop();
  look();
  EXPECT_EQ(reopens(), 0);
}

}  // namespace
}  // namespace sandboxlet::agent
