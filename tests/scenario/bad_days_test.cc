#include "tests/rig/command.h"
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

TEST_F(BadDaysTest, ASecondAgentOnTheSameDataRefuses) {
  const auto second = run_command({SANDBOXLET_AGENT, "--config", runtime().dir() + "/agent.yaml"});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), testing::HasSubstr("another sandboxlet runs"));
  EXPECT_TRUE(apply(manifest("box")).ok());
}

}  // namespace
}  // namespace sandboxlet::test
