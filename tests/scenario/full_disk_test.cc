#include <signal.h>
#include <sys/socket.h>

#include "tests/rig/eventually.h"
#include "tests/rig/http_client.h"
#include "tests/scenario/agent_test.h"
#include "tests/scenario/manifest.h"
#include "tests/scenario/small_disk.h"

namespace sandboxlet::test {
namespace {

using testing::HasSubstr;

// One Sandbox that runs and one that is frozen, on a disk that is then filled.
class FullDiskTest : public AgentTest {
 protected:
  explicit FullDiskTest(std::string directory = "/data") : directory_(std::move(directory)) {}

  void SetUp() override {
    RealTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto disk = SmallDisk::mount(runtime().dir() + directory_);
    ASSERT_TRUE(disk) << disk.error().message();
    disk_ = std::move(*disk);
    AgentTest::SetUp();
  }

  void TearDown() override {
    if (disk_) disk_->free();
    AgentTest::TearDown();
    disk_.reset();
  }

  void start_two() {
    for (const char* name : {"runs", "frozen"}) {
      ASSERT_TRUE(apply(manifest(name)).ok());
      ASSERT_TRUE(becomes(name, "Ready", "True"));
    }
    runs_ = pid("runs");
    frozen_ = pid("frozen");
    ASSERT_TRUE(suspend("frozen", "Freeze").ok());
  }

  void fill() {
    const auto filled = disk_->fill();
    ASSERT_TRUE(filled) << filled.error().message();
  }

  static void expect_refused(const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(status.error_message(), HasSubstr("disk is full"));
  }

  void expect_both_as_before() {
    EXPECT_EQ(get("runs")->spec.operatingMode, "Running");
    EXPECT_EQ(get("frozen")->spec.operatingMode, "Suspended");
    EXPECT_FALSE(is_frozen(get("runs")->metadata.uid));
    EXPECT_TRUE(is_frozen(get("frozen")->metadata.uid));
    EXPECT_EQ(pid("runs"), runs_);
    EXPECT_EQ(pid("frozen"), frozen_);
  }

  const std::string directory_;
  std::unique_ptr<SmallDisk> disk_;
  pid_t runs_ = 0;
  pid_t frozen_ = 0;
};

TEST_F(FullDiskTest, WhatCannotBeKeptIsRefusedAndNothingOfItHappens) {
  ASSERT_NO_FATAL_FAILURE(start_two());
  ASSERT_NO_FATAL_FAILURE(fill());
  expect_refused(apply(manifest("new")));
  expect_refused(suspend("runs", "Freeze"));
  expect_refused(resume("frozen"));
  expect_refused(remove("runs"));
  EXPECT_FALSE(get("new"));
  expect_both_as_before();
}

TEST_F(FullDiskTest, SandboxesRunOnAndAreStillWatchedOver) {
  ASSERT_NO_FATAL_FAILURE(start_two());
  ASSERT_NO_FATAL_FAILURE(fill());
  const auto before = count("runs");
  EXPECT_TRUE(eventually([&] { return count("runs") > before; }));
  kill(runs_, SIGKILL);
  EXPECT_TRUE(eventually([&] {
    const auto containers = get("runs")->status.containers;
    return !containers.empty() && containers[0].restartCount == 1 &&
           containers[0].state == "Running";
  }));
}

TEST_F(FullDiskTest, AllWorksWhenSpaceReturns) {
  ASSERT_NO_FATAL_FAILURE(start_two());
  ASSERT_NO_FATAL_FAILURE(fill());
  expect_refused(apply(manifest("new")));
  disk_->free();
  EXPECT_TRUE(suspend("runs", "Freeze").ok());
  EXPECT_TRUE(resume("frozen").ok());
  EXPECT_TRUE(apply(manifest("new")).ok());
  EXPECT_TRUE(becomes("new", "Ready", "True"));
  const auto restarted = agent().kill_and_restart();
  ASSERT_TRUE(restarted) << restarted.error().message();
  EXPECT_TRUE(becomes("runs", "Suspended", "True"));
  EXPECT_TRUE(becomes("frozen", "Ready", "True"));
  EXPECT_TRUE(becomes("new", "Ready", "True"));
  EXPECT_EQ(pid("runs"), runs_);
  EXPECT_EQ(pid("frozen"), frozen_);
}

TEST_F(FullDiskTest, AnAgentThatIsStartedOnItLosesNothing) {
  ASSERT_NO_FATAL_FAILURE(start_two());
  ASSERT_NO_FATAL_FAILURE(fill());
  const auto restarted = agent().kill_and_restart();
  ASSERT_TRUE(restarted) << restarted.error().message();
  EXPECT_TRUE(becomes("runs", "Ready", "True"));
  EXPECT_TRUE(becomes("frozen", "Suspended", "True"));
  expect_both_as_before();
  expect_refused(suspend("runs", "Freeze"));
}

// Nothing more comes from who has sent its request.
TEST_F(FullDiskTest, WhoWaitsForASandboxIsAnsweredWhenSpaceReturns) {
  std::string echo = script_manifest("box", "exec nc -ll -p 7 -e cat");
  echo.insert(echo.find(R"("podTemplate")"), R"("suspend":{"wakeOnTraffic":true},)");
  ASSERT_TRUE(apply(echo).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  Result<UniqueFd> client;
  ASSERT_TRUE(eventually([&] {
    client = connect_to(get("box")->status.podIPs.at(0), 7, std::chrono::seconds(60));
    return client.has_value();
  }));
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  ASSERT_NO_FATAL_FAILURE(fill());
  ASSERT_EQ(send(client->get(), "?", 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(eventually([&] { return agent().log().find("disk is full") != std::string::npos; }));
  EXPECT_TRUE(is_frozen(get("box")->metadata.uid));
  disk_->free();
  char said = 0;
  EXPECT_EQ(recv(client->get(), &said, 1, 0), 1);
  EXPECT_EQ(get("box")->spec.operatingMode, "Running");
}

class FullLogDiskTest : public FullDiskTest {
 protected:
  FullLogDiskTest() : FullDiskTest("/logs") {}
};

TEST_F(FullLogDiskTest, SandboxesAreCreatedAndRunThoughTheirLogsAreLost) {
  ASSERT_NO_FATAL_FAILURE(fill());
  ASSERT_TRUE(apply(script_manifest("box",
                                    "while true; do echo $((++i)); echo $i > /home/count; "
                                    "done"))
                  .ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  // More than a pipe holds.
  EXPECT_TRUE(eventually([&] {
    return std::stoull("0" + run_in("box", {"cat", "/home/count"})) > 20'000;
  }));
  EXPECT_TRUE(suspend("box", "Freeze").ok());
  EXPECT_TRUE(resume("box").ok());
}

}  // namespace
}  // namespace sandboxlet::test
