#include "agent/source/api_entry.h"

#include <gmock/gmock.h>

#include "api/json.h"

namespace sandboxlet::agent {
namespace {

using testing::Contains;
using Json = nlohmann::json;

constexpr TimePoint kNow{std::chrono::hours(1)};

// One that this node runs and that all is said of.
ApiEntry entry() {
  ApiEntry made;
  made.meta.name = "box";
  made.meta.namespace_ = "default";
  made.meta.uid = "u-1";
  made.meta.resourceVersion = "7";
  made.spec.operatingMode = "Running";
  made.is_seen = true;
  made.is_held = true;
  made.has_finalizer = true;
  return made;
}

ApiEntry with_news() {
  ApiEntry made = entry();
  made.wanted_status.emplace().podIPs = {"10.0.0.1"};
  return made;
}

TEST(NextWrite, IsNothingWhereAllIsSaid) { EXPECT_FALSE(next_write(entry(), kNow)); }

TEST(NextWrite, HoldsFirstWhatThisNodeRuns) {
  ApiEntry made = with_news();
  made.has_finalizer = false;
  const auto write = next_write(made, kNow);
  ASSERT_TRUE(write);
  EXPECT_EQ(write->kind, ApiWriteKind::kHold);
  EXPECT_THAT(write->body["metadata"]["finalizers"], Contains(api::kNodeFinalizer));
  EXPECT_EQ(write->body["metadata"]["uid"], "u-1");
}

TEST(NextWrite, DoesNotHoldWhatIsNotRunOrIsBeingDeleted) {
  ApiEntry refused = with_news();
  refused.is_held = refused.has_finalizer = false;
  EXPECT_EQ(next_write(refused, kNow)->kind, ApiWriteKind::kStatus);
  ApiEntry deleted = with_news();
  deleted.has_finalizer = false;
  deleted.meta.deletionTimestamp = "2026-01-01T00:00:00Z";
  EXPECT_EQ(next_write(deleted, kNow)->kind, ApiWriteKind::kStatus);
}

TEST(NextWrite, AStatusIsWrittenOverTheVersionThatWasSeen) {
  const auto write = next_write(with_news(), kNow);
  ASSERT_TRUE(write);
  EXPECT_EQ(write->kind, ApiWriteKind::kStatus);
  EXPECT_EQ(write->body, Json({{"metadata", {{"uid", "u-1"}, {"resourceVersion", "7"}}},
                               {"status", {{"podIPs", {"10.0.0.1"}}}}}));
}

// The shim binds it elsewhere upon that, and the API server may be away by then.
TEST(NextWrite, SaysThatAnEvictionIsDoneOnlyOnceItWouldKnowAfterARestart) {
  ApiEntry made = with_news();
  made.wanted_status->evicted = "then";
  EXPECT_FALSE(next_write(made, kNow)->body["status"].contains("evicted"));
  made.kept_eviction = "before";
  EXPECT_FALSE(next_write(made, kNow)->body["status"].contains("evicted"));
  made.kept_eviction = "then";
  EXPECT_EQ(next_write(made, kNow)->body["status"]["evicted"], "then");
}

TEST(NextWrite, ASuspensionGoesBeforeAStatus) {
  ApiEntry made = with_news();
  made.pending_spec = {{"operatingMode", "Suspended"}};
  const auto write = next_write(made, kNow);
  ASSERT_TRUE(write);
  EXPECT_EQ(write->kind, ApiWriteKind::kSpec);
  EXPECT_EQ(write->body,
            Json({{"metadata", {{"uid", "u-1"}}}, {"spec", {{"operatingMode", "Suspended"}}}}));
  made.meta.deletionTimestamp = "2026-01-01T00:00:00Z";
  EXPECT_EQ(next_write(made, kNow)->kind, ApiWriteKind::kStatus);
}

TEST(NextWrite, LetsGoOnlyOfWhatIsFinished) {
  ApiEntry made = with_news();
  made.meta.deletionTimestamp = "2026-01-01T00:00:00Z";
  EXPECT_EQ(next_write(made, kNow)->kind, ApiWriteKind::kStatus);
  made.is_finished = true;
  const auto write = next_write(made, kNow);
  ASSERT_TRUE(write);
  EXPECT_EQ(write->kind, ApiWriteKind::kRelease);
  EXPECT_FALSE(write->body["metadata"].contains("finalizers"));
  EXPECT_EQ(write->body["metadata"]["uid"], "u-1");
  made.has_finalizer = false;
  EXPECT_FALSE(next_write(made, kNow));
}

TEST(NextWrite, AStatusMayWait) {
  ApiEntry made = with_news();
  made.status_waits_until = kNow + std::chrono::seconds(1);
  EXPECT_FALSE(next_write(made, kNow));
  EXPECT_EQ(next_write(made, made.status_waits_until)->kind, ApiWriteKind::kStatus);
}

api::SandboxStatus saying(const char* type, const char* status) {
  api::SandboxStatus made;
  made.conditions.emplace_back().type = type;
  made.conditions.back().status = status;
  return made;
}

TEST(IsOnTheWay, WhatIsNeitherReadyNorSuspendedNorFinished) {
  const Json seen = api::write_status(saying("PodScheduled", "True"));
  EXPECT_TRUE(is_on_the_way(seen, saying("Ready", "False")));
  for (const char* type : {"Ready", "Suspended", "Finished"}) {
    EXPECT_FALSE(is_on_the_way(seen, saying(type, "True"))) << type;
    EXPECT_FALSE(is_on_the_way(api::write_status(saying(type, "True")), saying(type, "False")))
        << type;
  }
}

TEST(IsOnTheWay, NothingThatChangesTheDepth) {
  api::SandboxStatus wanted = saying("Ready", "False");
  wanted.suspend.emplace().depth = "Freeze";
  EXPECT_FALSE(is_on_the_way(Json::object(), wanted));
}

TEST(NextWrite, IsNothingForWhatIsNotSeenOrLeaves) {
  ApiEntry unseen = with_news();
  unseen.is_seen = false;
  EXPECT_FALSE(next_write(unseen, kNow));
  ApiEntry leaving = with_news();
  leaving.is_leaving = true;
  EXPECT_FALSE(next_write(leaving, kNow));
}

TEST(PendingSuspension, IsWhatTheServerHasNotYet) {
  api::SandboxSpec suspended = entry().spec;
  suspended.operatingMode = "Suspended";
  EXPECT_EQ(pending_suspension(entry(), suspended), Json({{"operatingMode", "Suspended"}}));
  EXPECT_TRUE(pending_suspension(entry(), entry().spec).is_null());
}

TEST(PendingSuspension, SaysAllWhileAnotherMayBeOnItsWay) {
  ApiEntry made = entry();
  made.pending_spec = {{"operatingMode", "Suspended"}};
  EXPECT_EQ(pending_suspension(made, made.spec), Json({{"operatingMode", "Running"}}));
}

}  // namespace
}  // namespace sandboxlet::agent
