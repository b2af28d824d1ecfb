#include "agent/source/local_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>

#include "agent/sandbox/fake_traffic.h"
#include "agent/sandbox/runtime_executor.h"
#include "agent/suspend/fake_cgroups.h"
#include "agent/volume/volumes.h"
#include "api/conditions.h"
#include "api/defaults.h"
#include "cri/fake.h"
#include "tests/rig/core_loop.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

api::Sandbox manifest(const std::string& name) {
  api::Sandbox sandbox;
  sandbox.metadata.name = name;
  sandbox.metadata.namespace_ = "default";
  auto& container = sandbox.spec.podTemplate.spec.containers.emplace_back();
  container.name = "main";
  container.image = "app:1";
  api::set_defaults(sandbox);
  return sandbox;
}

// The source with a real store and a real manager, on a fake runtime.
class LocalSourceTest : public testing::Test {
 protected:
  LocalSourceTest() {
    spdlog::set_level(spdlog::level::off);
    fs::create_directory(root_ + "/logs");
    start();
  }
  ~LocalSourceTest() override {
    stop();
    fs::remove_all(root_);
  }

  static std::string make_root() {
    char name[] = "/tmp/source-XXXXXX";
    return mkdtemp(name);
  }

  void start() {
    store_ = *Store::open(root_);
    source_ = std::make_unique<LocalSource>(*store_, loop_.clock(), events_, "node-1");
    manager_ = std::make_unique<Manager>(manager_context());
    ASSERT_TRUE(source_->start(*manager_));
  }
  void stop() {
    runtime_.client_died(false);
    manager_.reset();
    source_.reset();
    store_.reset();
  }

  ExecutorContext executor_context() {
    auto is_alive = [](pid_t) { return true; };
    const asio::any_io_executor here = loop_.io().get_executor();
    return {runtime_, cgroups_, volumes_,        loop_.clock(), here,    here,
            here,     traffic_, root_ + "/logs", "/pool",       1 << 30, is_alive};
  }
  ManagerContext manager_context() {
    auto watch = [](pid_t, const std::function<void()>&) -> Result<std::shared_ptr<void>> {
      return std::shared_ptr<void>();
    };
    return {loop_.io(),
            loop_.clock(),
            executor_,
            runtime_,
            cgroups_,
            loop_.io().get_executor(),
            *source_,
            watch,
            {api::Depth::kFreeze, api::Depth::kStop, api::Depth::kTerminate},
            DeepenAfter(),
            BackoffLimits(),
            "/pool",
            std::chrono::hours(1),
            /*pods_at_once=*/1};
  }

  Result<Applied> apply(api::Sandbox sandbox, bool keep_suspension = false) {
    return loop_.run(source_->apply(std::move(sandbox), false, keep_suspension));
  }
  // Created and Ready.
  api::Sandbox ready(const std::string& name) {
    EXPECT_TRUE(apply(manifest(name)));
    return *loop_.run(source_->resume({"", name}, "User"));
  }
  static std::string condition(const api::Sandbox& sandbox, const char* type) {
    const auto* const found = api::find_condition(sandbox.status.conditions, type);
    return found == nullptr ? "none" : found->status;
  }

  const std::string root_ = make_root();
  test::CoreLoop loop_;
  cri::FakeRuntime runtime_{loop_.clock()};
  FakeCgroups cgroups_{"/pool"};
  FakeTraffic traffic_;
  Volumes volumes_{root_};
  RuntimeExecutor executor_{executor_context()};
  EventLog events_{loop_.clock()};
  std::unique_ptr<Store> store_;
  std::unique_ptr<LocalSource> source_;
  std::unique_ptr<Manager> manager_;
};

TEST_F(LocalSourceTest, GivesWhatTheApiServerWouldGive) {
  const auto applied = apply(manifest("box"));
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->outcome, ApplyOutcome::kCreated);
  const auto& meta = applied->sandbox.metadata;
  EXPECT_EQ(meta.uid.size(), 36u);
  EXPECT_EQ(meta.generation, 1);
  EXPECT_EQ(meta.resourceVersion, "1");
  EXPECT_FALSE(meta.creationTimestamp.empty());
  EXPECT_EQ(applied->sandbox.status.nodeName, "node-1");
}

TEST_F(LocalSourceTest, AnApplyOfTheSameChangesNothing) {
  ASSERT_TRUE(apply(manifest("box")));
  const auto again = apply(manifest("box"));
  EXPECT_EQ(again->outcome, ApplyOutcome::kUnchanged);
  EXPECT_EQ(again->sandbox.metadata.generation, 1);
}

TEST_F(LocalSourceTest, OnlyASpecMakesANewGeneration) {
  ASSERT_TRUE(apply(manifest("box")));
  auto labelled = manifest("box");
  labelled.metadata.labels["team"] = "a";
  EXPECT_EQ(apply(labelled)->sandbox.metadata.generation, 1);
  labelled.spec.operatingMode = "Suspended";
  const auto suspended = apply(labelled);
  EXPECT_EQ(suspended->outcome, ApplyOutcome::kConfigured);
  EXPECT_EQ(suspended->sandbox.metadata.generation, 2);
  EXPECT_EQ(suspended->sandbox.metadata.resourceVersion, "3");
}

TEST_F(LocalSourceTest, RefusesAnObjectThatWasReadBeforeAnotherChange) {
  auto first = apply(manifest("box"))->sandbox;
  auto labelled = manifest("box");
  labelled.metadata.labels["team"] = "a";
  ASSERT_TRUE(apply(labelled));
  const auto late = apply(first);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(late.error().message(), HasSubstr("the object has been modified"));
}

TEST_F(LocalSourceTest, RefusesTheUidOfAnother) {
  ASSERT_TRUE(apply(manifest("box")));
  auto other = manifest("box");
  other.metadata.uid = "another";
  EXPECT_THAT(apply(other).error().message(), HasSubstr("UID in precondition"));
}

TEST_F(LocalSourceTest, ADryRunLeavesNothing) {
  ASSERT_TRUE(loop_.run(source_->apply(manifest("box"), true, false)));
  EXPECT_THAT(source_->list(""), IsEmpty());
  EXPECT_EQ(source_->get({"", "box"}).error().code(), Code::kNotFound);
}

TEST_F(LocalSourceTest, AnswersASuspendWhenItIsSo) {
  const auto box = ready("box");
  const auto suspended = loop_.run(source_->suspend({"", "box"}, "Freeze"));
  ASSERT_TRUE(suspended) << suspended.error().message();
  EXPECT_EQ(condition(*suspended, "Suspended"), "True");
  EXPECT_TRUE(cgroups_.frozen(box.metadata.uid));
  const auto resumed = loop_.run(source_->resume({"", "box"}, "Exec"));
  EXPECT_EQ(condition(*resumed, "Ready"), "True");
  EXPECT_FALSE(cgroups_.frozen(box.metadata.uid));
  EXPECT_EQ(resumed->status.suspend->lastResume->cause, "Exec");
}

TEST_F(LocalSourceTest, ASuspendOfAFrozenOneAnswersWhenItIsAsDeepAsAsked) {
  ready("box");
  ASSERT_TRUE(loop_.run(source_->suspend({"", "box"}, "Freeze")));
  const auto stopped = loop_.run(source_->suspend({"", "box"}, "Stop"));
  ASSERT_TRUE(stopped) << stopped.error().message();
  EXPECT_EQ(stopped->status.suspend->depth, "Stop");
  // Less than that changes nothing.
  const auto frozen = loop_.run(source_->suspend({"", "box"}, "Freeze"));
  ASSERT_TRUE(frozen) << frozen.error().message();
  EXPECT_EQ(frozen->status.suspend->depth, "Stop");
}

TEST_F(LocalSourceTest, ASuspendThatCannotBeIsToldWhy) {
  const auto box = ready("box");
  cgroups_.fault = [](std::string_view operation, const std::string&) -> Result<> {
    if (operation != "freeze") return {};
    return Error(Code::kFailedPrecondition, "it did not freeze");
  };
  const auto suspended = loop_.run(source_->suspend({"", "box"}, "Freeze"));
  ASSERT_FALSE(suspended);
  EXPECT_THAT(suspended.error().message(), HasSubstr("it did not freeze"));
  EXPECT_FALSE(cgroups_.frozen(box.metadata.uid));
  // It is still wanted, and done when it can be.
  cgroups_.fault = nullptr;
  EXPECT_TRUE(loop_.run(source_->suspend({"", "box"}, "Freeze")));
}

TEST_F(LocalSourceTest, AResumeThatCannotBeIsToldWhy) {
  ready("box");
  ASSERT_TRUE(loop_.run(source_->suspend({"", "box"}, "Stop")));
  runtime_.fail_always("StartContainer", {.error = Error(Code::kNotFound, "no such command")});
  const auto resumed = loop_.run(source_->resume({"", "box"}, "User"));
  ASSERT_FALSE(resumed);
  EXPECT_THAT(resumed.error().message(), HasSubstr("no such command"));
}

TEST_F(LocalSourceTest, AResumeThatWaitsForMemoryIsToldSoAndComesWhenThereIsEnough) {
  ready("box");
  ASSERT_TRUE(loop_.run(source_->suspend({"", "box"}, "Stop")));
  manager_->set_memory_short(true);
  const auto resumed = loop_.run(source_->resume({"", "box"}, "User"));
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().code(), Code::kResourceExhausted);
  EXPECT_THAT(resumed.error().message(), HasSubstr("waits to be resumed"));
  EXPECT_EQ(condition(*source_->get({"", "box"}), "Resuming"), "True");
  manager_->set_memory_short(false);
  EXPECT_TRUE(loop_.run(source_->resume({"", "box"}, "User")));
}

TEST_F(LocalSourceTest, AWakeOfWhatTheUserSuspendedCountsFromItsPacket) {
  auto waking = manifest("box");
  waking.spec.suspend.emplace().wakeOnTraffic = true;
  api::set_defaults(waking);
  ASSERT_TRUE(apply(waking));
  ASSERT_TRUE(loop_.run(source_->resume({"", "box"}, "User")));
  ASSERT_TRUE(loop_.run(source_->suspend({"", "box"}, "Freeze")));
  const auto actor = *source_->actor({"", "box"});
  actor->traffic(loop_.clock().wall() - std::chrono::minutes(1));
  Actor::Predicate is_resumed = [](const Actor& now) {
    return api::is_true(now.sandbox().status.conditions, "Ready");
  };
  ASSERT_TRUE(loop_.run(actor->until(is_resumed)));
  const auto last = actor->sandbox().status.suspend->lastResume;
  EXPECT_EQ(last->cause, "Traffic");
  EXPECT_GT(last->milliseconds, 60'000);
}

TEST_F(LocalSourceTest, ASuspendThatIsOvertakenIsToldSo) {
  auto box = manifest("box");
  box.spec.podTemplate.spec.terminationGracePeriodSeconds = 1;
  ASSERT_TRUE(apply(box));
  ASSERT_TRUE(loop_.run(source_->resume({"", "box"}, "User")));
  runtime_.ignore_term("main");
  std::optional<Error> told;
  auto note = [&told](std::exception_ptr failure, Result<api::Sandbox> answer) {
    die_on_exception(failure);
    if (!answer) told = answer.error();
  };
  asio::co_spawn(loop_.io(), source_->suspend({"", "box"}, "Stop"), note);
  ASSERT_TRUE(loop_.run(source_->resume({"", "box"}, "User")));
  ASSERT_TRUE(told);
  EXPECT_THAT(told->message(), HasSubstr("was resumed meanwhile"));
}

TEST_F(LocalSourceTest, ADepthBelowTheDeepestIsRefused) {
  auto shallow = manifest("box");
  shallow.spec.suspend.emplace().deepest = "Freeze";
  ASSERT_TRUE(apply(shallow));
  const auto suspended = loop_.run(source_->suspend({"", "box"}, "Terminate"));
  ASSERT_FALSE(suspended);
  EXPECT_EQ(suspended.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(suspended.error().message(), HasSubstr("spec.suspend.deepest"));
  EXPECT_EQ(source_->get({"", "box"})->spec.operatingMode, "Running");
}

TEST_F(LocalSourceTest, ASecondDeleteWithLessGraceIsNotHeldUpByTheFirst) {
  ready("box");
  runtime_.ignore_term("main");
  ASSERT_TRUE(loop_.run(source_->remove({"", "box"}, 3600, false)));
  const TimePoint begun = loop_.clock().now();
  ASSERT_TRUE(loop_.run(source_->remove({"", "box"}, 0, true)));
  EXPECT_LT(loop_.clock().now() - begun, std::chrono::minutes(1));
}

TEST_F(LocalSourceTest, WritersAtOnceGoOneAfterTheOther) {
  ASSERT_TRUE(apply(manifest("box")));
  constexpr int kWriters = 10;
  int applied = 0;
  for (int i = 0; i < kWriters; ++i) {
    auto labelled = manifest("box");
    labelled.metadata.labels["writer"] = std::to_string(i);
    auto note = [&applied](std::exception_ptr failure, Result<Applied> answer) {
      die_on_exception(failure);
      if (answer && answer->outcome == ApplyOutcome::kConfigured) ++applied;
    };
    asio::co_spawn(loop_.io(), source_->apply(std::move(labelled), false, false), note);
  }
  const auto last = loop_.run(source_->suspend({"", "box"}, "Freeze"));
  EXPECT_EQ(applied, kWriters);
  EXPECT_EQ(last->metadata.resourceVersion, std::to_string(1 + kWriters + 1));
  EXPECT_EQ(last->metadata.labels.at("writer"), std::to_string(kWriters - 1));
}

TEST_F(LocalSourceTest, AnApplyThatIsSilentOnSuspensionKeepsIt) {
  ready("box");
  ASSERT_TRUE(loop_.run(source_->suspend({"", "box"}, "Freeze")));
  auto labelled = manifest("box");
  labelled.metadata.labels["team"] = "a";
  const auto applied = apply(labelled, /*keep_suspension=*/true);
  EXPECT_EQ(applied->sandbox.spec.operatingMode, "Suspended");
}

TEST_F(LocalSourceTest, DeletesAndTellsItsListeners) {
  const auto box = ready("box");
  std::vector<std::string> told;
  const auto listening = source_->listen([&](ChangeType type, const SandboxPtr& sandbox) {
    if (type == ChangeType::kDeleted) told.push_back(sandbox->metadata.name);
  });
  EXPECT_TRUE(loop_.run(source_->remove({"", "box"}, 0, true)));
  EXPECT_THAT(told, ElementsAre("box"));
  EXPECT_THAT(runtime_.state().pods(), IsEmpty());
  EXPECT_EQ(source_->get({"", "box"}).error().code(), Code::kNotFound);
  EXPECT_EQ(apply(manifest("box"))->outcome, ApplyOutcome::kCreated);
}

TEST_F(LocalSourceTest, RefusesToResumeWhatIsBeingDeleted) {
  ready("box");
  runtime_.ignore_term("main");
  ASSERT_TRUE(loop_.run(source_->remove({"", "box"}, 3600, false)));
  const auto resumed = loop_.run(source_->resume({"", "box"}, "User"));
  EXPECT_THAT(resumed.error().message(), HasSubstr("object is being deleted"));
  EXPECT_THAT(apply(manifest("box")).error().message(), HasSubstr("object is being deleted"));
}

TEST_F(LocalSourceTest, ASecondDeleteMayOnlyShortenTheGrace) {
  ready("box");
  runtime_.ignore_term("main");
  auto grace = [this] { return source_->get({"", "box"})->metadata.deletionGracePeriodSeconds; };
  ASSERT_TRUE(loop_.run(source_->remove({"", "box"}, 3600, false)));
  ASSERT_TRUE(loop_.run(source_->remove({"", "box"}, 7200, false)));
  EXPECT_EQ(grace(), 3600);
  ASSERT_TRUE(loop_.run(source_->remove({"", "box"}, 1800, false)));
  EXPECT_EQ(grace(), 1800);
}

TEST_F(LocalSourceTest, KnowsItsSandboxesAfterARestart) {
  const auto before = ready("box");
  stop();
  start();
  const auto after = loop_.run(source_->resume({"", "box"}, "User"));
  EXPECT_EQ(after->metadata.uid, before.metadata.uid);
  EXPECT_EQ(runtime_.state().pods().size(), 1u);
}

}  // namespace
}  // namespace sandboxlet::agent
