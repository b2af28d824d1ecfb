#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "api/conditions.h"
#include "tests/simulation/life.h"
#include "tests/simulation/manifest.h"

namespace sandboxlet::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

// Sandboxes that all want a pod, of which the agent starts two at a time.
class PodTurnsTest : public testing::Test {
 protected:
  PodTurnsTest() { spdlog::set_level(spdlog::level::off); }

  // The start of each pod takes that long.
  void let_starts_take(Duration time) {
    machine_.runtime().fail_always("RunPodSandbox", {.delay = time});
  }
  void want(const std::string& name) {
    desired_[uid_of(name)] = sandbox(name, 1);
    life_.manager().want_new(desired_[uid_of(name)]);
  }
  void remove(const std::string& name) {
    api::Sandbox& object = desired_[uid_of(name)];
    object.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    life_.manager().want(object);
  }
  void run_for(Duration time) { machine_.run_for(&life_.loop(), time); }
  static std::string uid_of(const std::string& name) { return "uid-" + name; }

  // In the order in which they were asked for.
  std::vector<std::string> started() const {
    std::vector<std::string> names;
    for (const auto& call : machine_.runtime().calls()) {
      if (call.verb == "RunPodSandbox") names.push_back(call.subject);
    }
    return names;
  }
  bool is_ready(const std::string& name) {
    const auto actor = life_.manager().find(uid_of(name));
    return actor && api::is_true(actor->sandbox().status.conditions, "Ready");
  }

  Machine machine_;
  Desired desired_;
  Life life_{machine_, desired_};
};

TEST_F(PodTurnsTest, ThoseWhoCameFirstAreReadyFirst) {
  let_starts_take(seconds(1));
  for (const char* const name : {"a", "b", "c", "d"}) want(name);
  run_for(milliseconds(900));
  EXPECT_THAT(started(), ElementsAre("a", "b"));
  run_for(milliseconds(900));
  EXPECT_THAT(started(), ElementsAre("a", "b", "c", "d"));
  EXPECT_TRUE(is_ready("a") && is_ready("b"));
  EXPECT_FALSE(is_ready("c") || is_ready("d"));
  run_for(seconds(1));
  EXPECT_TRUE(is_ready("c") && is_ready("d"));
}

TEST_F(PodTurnsTest, OneThatIsDeletedWhileItWaitsIsGoneAtOnce) {
  let_starts_take(seconds(1));
  for (const char* const name : {"a", "b", "c", "d"}) want(name);
  run_for(milliseconds(100));
  remove("c");
  run_for(milliseconds(100));
  EXPECT_EQ(life_.manager().find(uid_of("c")), nullptr);
  run_for(seconds(2));
  EXPECT_THAT(started(), ElementsAre("a", "b", "d"));
  EXPECT_TRUE(is_ready("d"));
}

TEST_F(PodTurnsTest, OnesThatHangHoldOthersUpForSecondsOnly) {
  let_starts_take(std::chrono::minutes(3));
  want("a");
  want("b");
  run_for(seconds(1));
  let_starts_take({});
  want("c");
  run_for(seconds(3));
  EXPECT_THAT(started(), ElementsAre("a", "b"));
  run_for(seconds(3));
  EXPECT_TRUE(is_ready("c"));
}

TEST_F(PodTurnsTest, OneThatFailsGivesItsTurnToTheNext) {
  machine_.runtime().fail_once("RunPodSandbox", {.error = Error(Code::kInternal, "no network")});
  machine_.runtime().fail_once("RunPodSandbox", {.error = Error(Code::kInternal, "no network")});
  for (const char* const name : {"a", "b", "c"}) want(name);
  run_for(milliseconds(100));
  EXPECT_TRUE(is_ready("c"));
  EXPECT_FALSE(is_ready("a") || is_ready("b"));
  run_for(seconds(30));
  EXPECT_TRUE(is_ready("a") && is_ready("b"));
}

}  // namespace
}  // namespace sandboxlet::simulation
