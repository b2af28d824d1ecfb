#include <fstream>

#include "base/command.h"
#include "tests/rig/eventually.h"
#include "tests/scenario/agent_test.h"

namespace sandboxlet::test {
namespace {

class BadDaysTest : public AgentTest {
 protected:
  static std::string running(const std::string& script) {
    auto text = manifest("box");
    text.replace(text.find(R"("imagePullPolicy")"), 0,
                 R"("command":["sh","-c",")" + script + R"("],)");
    return text;
  }
  api::ContainerStatus container() {
    const auto box = get("box");
    return box && !box->status.containers.empty() ? box->status.containers[0]
                                                  : api::ContainerStatus{};
  }
};

TEST_F(BadDaysTest, AContainerThatIgnoresTermIsKilledAfterItsGrace) {
  ASSERT_TRUE(apply(running("trap '' TERM; while true; do sleep 0.1; done")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  ASSERT_TRUE(suspend("box", "Stop").ok());
  EXPECT_EQ(container_id("box"), "");
  ASSERT_TRUE(resume("box").ok());
  EXPECT_TRUE(remove("box").ok());
  EXPECT_EQ(pods(), 0);
}

TEST_F(BadDaysTest, ADeleteWithLessGraceHastensOneThatIsUnderWay) {
  ASSERT_TRUE(apply(running("trap '' TERM; while true; do sleep 0.1; done")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  pb::DeleteRequest request;
  request.mutable_ref()->set_name("box");
  // Longer than any test waits.
  request.set_grace_period_seconds(3600);
  pb::DeleteResponse response;
  grpc::ClientContext slowly;
  ASSERT_TRUE(agent().api().Delete(&slowly, request, &response).ok());
  EXPECT_TRUE(eventually([&] { return !get("box")->metadata.deletionTimestamp.empty(); }));
  request.set_grace_period_seconds(0);
  request.set_wait(true);
  grpc::ClientContext now;
  EXPECT_TRUE(agent().api().Delete(&now, request, &response).ok());
  EXPECT_EQ(pods(), 0);
}

TEST_F(BadDaysTest, AResumeThatCannotBeIsAnswered) {
  ASSERT_TRUE(apply(running("test -e /home/good && sleep 1000; exit 3")).ok());
  EXPECT_TRUE(eventually([&] { return container().reason == "CrashLoopBackOff"; }));
  const auto resumed = resume("box");
  EXPECT_EQ(resumed.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(resumed.error_message(), testing::HasSubstr("does not stay up"));
}

TEST_F(BadDaysTest, AContainerThatExitsAtOnceIsHeldBack) {
  ASSERT_TRUE(apply(running("exit 3")).ok());
  EXPECT_TRUE(eventually([&] { return container().reason == "CrashLoopBackOff"; }));
  EXPECT_EQ(container().exitCode, 3);
  EXPECT_EQ(container().restartCount, 1);
}

TEST_F(BadDaysTest, AContainerThatForksQuicklyIsFrozenAndDeleted) {
  ASSERT_TRUE(apply(running("while true; do true & done")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  const auto uid = get("box")->metadata.uid;
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(suspend("box", "Freeze").ok());
    EXPECT_TRUE(is_frozen(uid));
    ASSERT_TRUE(resume("box").ok());
  }
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  EXPECT_TRUE(remove("box").ok());
  EXPECT_EQ(pods(), 0);
}

TEST_F(BadDaysTest, ARuntimeThatIsAbsentAtStartIsWaitedFor) {
  ASSERT_TRUE(runtime().kill());
  const auto restarted = agent().kill_and_restart();
  ASSERT_TRUE(restarted) << restarted.error().message();
  ASSERT_TRUE(apply(manifest("box")).ok());
  EXPECT_TRUE(eventually([&] {
    const auto box = get("box");
    return box && !box->status.conditions.empty();
  }));
  ASSERT_TRUE(runtime().restart());
  EXPECT_TRUE(becomes("box", "Ready", "True"));
}

TEST_F(BadDaysTest, ASecondAgentOnTheSamePoolRefuses) {
  std::ifstream first(runtime().dir() + "/agent.yaml");
  std::ofstream second(runtime().dir() + "/second.yaml");
  for (std::string line; std::getline(first, line);) {
    const bool own = line.starts_with("dataRoot:") || line.starts_with("socket:");
    second << line << (own ? "2" : "") << "\n";
  }
  second.close();
  const auto started =
      run_command({SANDBOXLET_AGENT, "--config", runtime().dir() + "/second.yaml"});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message(),
              testing::HasSubstr("another sandboxlet runs on the cgroup"));
}

TEST_F(BadDaysTest, ASecondAgentOnTheSameDataRefuses) {
  const auto second = run_command({SANDBOXLET_AGENT, "--config", runtime().dir() + "/agent.yaml"});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), testing::HasSubstr("another sandboxlet runs"));
  EXPECT_TRUE(apply(manifest("box")).ok());
}

}  // namespace
}  // namespace sandboxlet::test
