#include "kube/event_recorder.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "base/manual_loop.h"
#include "kube/fake_api_server.h"
#include "kube/fake_kinds.h"

namespace sandboxlet::kube {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;
using Json = nlohmann::json;

class EventRecorderTest : public testing::Test {
 protected:
  EventRecorderTest() { spdlog::set_level(spdlog::level::off); }
  ~EventRecorderTest() override { server_.client_died(false); }

  void record(const std::string& note = "Started container main") {
    recorder_.record({"agents.x-k8s.io/v1beta1", "Sandbox", "default", "box", "u-1"},
                     {false, "Started", "Start", note});
    loop_.settle();
  }
  std::vector<Json> events() const {
    return server_.objects().select({fake_collection({kEvents, "", "", ""}), "", "", ""});
  }
  int count() const { return events().at(0).value(Json::json_pointer("/series/count"), 0); }

  ManualLoop loop_;
  FakeApiServer server_{loop_.clock()};
  Client client_{server_, loop_.clock()};
  EventRecorder recorder_{loop_.io(), loop_.clock(), client_, "sandboxlet.io/agent", "agent-1"};
};

TEST_F(EventRecorderTest, WritesWhatTheServerRequires) {
  record();
  loop_.run_for(1s);
  ASSERT_THAT(events(), SizeIs(1));
  const Json event = events()[0];
  EXPECT_EQ(event["metadata"]["namespace"], "default");
  EXPECT_EQ(event["eventTime"].get<std::string>().size(), sizeof "2026-01-02T03:04:05.000006Z" - 1);
  EXPECT_EQ(event["type"], "Normal");
  EXPECT_EQ(event["reason"], "Started");
  EXPECT_EQ(event["action"], "Start");
  EXPECT_EQ(event["reportingController"], "sandboxlet.io/agent");
  EXPECT_EQ(event["reportingInstance"], "agent-1");
  EXPECT_EQ(event["regarding"]["uid"], "u-1");
  EXPECT_FALSE(event.contains("series"));
}

TEST_F(EventRecorderTest, WhoEndsSoonWaitsForNothing) {
  record();
  ASSERT_THAT(events(), IsEmpty());
  recorder_.hasten();
  loop_.run_for(100ms);
  EXPECT_THAT(events(), SizeIs(1));
}

TEST_F(EventRecorderTest, ANoteIsCutToWhatTheServerTakes) {
  std::string note(1020, 'x');
  for (int i = 0; i < 20; ++i) note += "\u00e9";
  record(note);
  loop_.run_for(1s);
  const std::string written = events().at(0)["note"];
  EXPECT_LE(written.size(), 1024u);
  EXPECT_EQ(written, std::string(1020, 'x') + "...");
}

TEST_F(EventRecorderTest, TheSecondOccurrenceMakesASeries) {
  record();
  loop_.run_for(1min);
  record();
  loop_.run_for(1s);
  ASSERT_THAT(events(), SizeIs(1));
  EXPECT_EQ(count(), 2);
  EXPECT_TRUE(events()[0]["series"].contains("lastObservedTime"));
  record("Started container other");
  loop_.run_for(1s);
  EXPECT_THAT(events(), SizeIs(2));
}

TEST_F(EventRecorderTest, LaterOccurrencesAreToldEachHalfHour) {
  record();
  loop_.run_for(1s);
  for (int minute = 0; minute < 29; ++minute) {
    record();
    loop_.run_for(1min);
  }
  EXPECT_EQ(count(), 2);
  EXPECT_THAT(server_.requests(), SizeIs(2));
  for (int minute = 0; minute < 3; ++minute) {
    record();
    loop_.run_for(1min);
  }
  EXPECT_THAT(server_.requests(), SizeIs(3));
  EXPECT_GE(count(), 30);
}

TEST_F(EventRecorderTest, AfterSixMinutesOfQuietItIsAnEventOfItsOwn) {
  record();
  loop_.run_for(5min);
  record();
  loop_.run_for(1s);
  EXPECT_THAT(events(), SizeIs(1));
  loop_.run_for(6min);
  record();
  loop_.run_for(1s);
  EXPECT_THAT(events(), SizeIs(2));
}

TEST_F(EventRecorderTest, ASeriesThatIsOverIsToldItsLastCount) {
  for (int i = 0; i < 6; ++i) {
    record();
    loop_.run_for(1min);
  }
  EXPECT_EQ(count(), 2);
  loop_.run_for(12min);
  EXPECT_EQ(count(), 6);
  EXPECT_EQ(events()[0]["series"]["lastObservedTime"], "2027-01-15T08:05:00.000000Z");
  // Nothing is left that would look again.
  loop_.run_for(12min);
  EXPECT_EQ(loop_.clock().next(), TimePoint::max());
}

TEST_F(EventRecorderTest, WhatCannotBeWrittenIsTriedTwelveTimes) {
  server_.go_away();
  record();
  loop_.run_for(10min);
  EXPECT_THAT(server_.requests(), SizeIs(12));
  server_.come_back();
  record();
  loop_.run_for(1s);
  EXPECT_THAT(events(), SizeIs(1));
}

TEST_F(EventRecorderTest, WhatIsRefusedIsNotTriedAgain) {
  server_.fault = [](const HttpRequest&) {
    FakeHttpFault fault;
    fault.refusal = refuse(403, "Forbidden", "no");
    return fault;
  };
  record();
  loop_.run_for(10min);
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(EventRecorderTest, AnEventWhoseAnswerWasLostIsThereOnce) {
  bool lost = true;
  server_.fault = [&](const HttpRequest&) {
    FakeHttpFault fault;
    fault.lost_after = std::exchange(lost, false);
    return fault;
  };
  record();
  loop_.run_for(1min);
  ASSERT_THAT(events(), SizeIs(1));
  record();
  loop_.run_for(1min);
  EXPECT_THAT(events(), SizeIs(1));
  EXPECT_EQ(count(), 2);
}

TEST_F(EventRecorderTest, ASeriesGoesOnWhereTheServerHasForgottenTheEvent) {
  record();
  loop_.run_for(1min);
  const std::string name = events().at(0)["metadata"]["name"];
  server_.objects().remove({kEvents, "default", name, ""});
  record();
  loop_.run_for(1min);
  EXPECT_THAT(events(), SizeIs(1));
  EXPECT_EQ(count(), 2);
}

}  // namespace
}  // namespace sandboxlet::kube
