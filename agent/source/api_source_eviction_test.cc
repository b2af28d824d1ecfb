#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "agent/source/api_source.h"
#include "api/conditions.h"
#include "tests/simulation/cluster.h"

namespace sandboxlet::agent {
namespace {

using namespace std::chrono_literals;
using simulation::Cluster;
using testing::IsEmpty;
using Json = nlohmann::json;

constexpr char kSince[] = "2026-01-02T03:04:05.000006Z";

// A Sandbox that runs here and that the shim wants to leave.
class ApiSourceEvictionTest : public testing::Test {
 protected:
  ApiSourceEvictionTest() {
    spdlog::set_level(spdlog::level::off);
    cluster_.create("box");
    cluster_.bind("box");
    cluster_.run_for(3s);
    EXPECT_EQ(pods(), 1U);
  }

  void tell(const std::string& name, const Json& status) {
    cluster_.server().objects().merge_patch({kube::kSandboxes, "default", name, "status"},
                                            {{"status", status}});
  }
  void evict(const std::string& name = "box") {
    tell(name, {{"eviction", {{"reason", "r"}, {"message", "why"}, {"since", kSince}}}});
    cluster_.run_for(1min);
  }
  std::string evicted(const std::string& name = "box") const {
    return cluster_.get(name)["status"].value("evicted", "");
  }
  size_t pods() { return cluster_.machine().runtime().state().pods().size(); }

  Cluster cluster_;
};

TEST_F(ApiSourceEvictionTest, EndsItAndSaysSo) {
  evict();
  EXPECT_EQ(pods(), 0U);
  EXPECT_EQ(evicted(), kSince);
  cluster_.run_for(1h);
  EXPECT_EQ(pods(), 0U);
}

TEST_F(ApiSourceEvictionTest, IsKnownAfterARestartWithoutTheApiServer) {
  evict();
  cluster_.server().go_away();
  cluster_.kill_agent();
  cluster_.start_agent();
  cluster_.run_for(1h);
  EXPECT_EQ(pods(), 0U) << "another node may run it by now";
}

TEST_F(ApiSourceEvictionTest, WhatAFormerLifeHasEndedAndNeverToldIsTold) {
  cluster_.server().fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.path.ends_with("/status")) fault.refusal = kube::refuse(503, "", "not now");
    return fault;
  };
  evict();
  ASSERT_EQ(evicted(), "");
  cluster_.kill_agent();
  cluster_.server().fault = nullptr;
  cluster_.start_agent();
  cluster_.run_for(1min);
  EXPECT_EQ(evicted(), kSince);
}

TEST_F(ApiSourceEvictionTest, WhatIsTakenBackRunsOnAlsoAfterARestart) {
  evict();
  tell("box", {{"eviction", nullptr}});
  cluster_.run_for(1min);
  EXPECT_EQ(pods(), 1U);
  EXPECT_EQ(evicted(), "");
  cluster_.server().go_away();
  cluster_.kill_agent();
  cluster_.start_agent();
  cluster_.run_for(1h);
  EXPECT_EQ(pods(), 1U);
}

TEST_F(ApiSourceEvictionTest, LeavesWithItsBindingAndMayComeBack) {
  evict();
  tell("box", {{"nodeName", nullptr}, {"eviction", nullptr}, {"evicted", nullptr}});
  cluster_.run_for(1min);
  EXPECT_EQ(pods(), 0U);
  cluster_.bind("box");
  cluster_.run_for(1min);
  EXPECT_EQ(pods(), 1U);
  EXPECT_THAT(cluster_.second_pass(), IsEmpty());
}

TEST_F(ApiSourceEvictionTest, OfWhatIsRefusedThereIsNothingToEnd) {
  cluster_.create("odd");
  cluster_.patch("odd", {{"spec", {{"podTemplate", {{"spec", {{"hostPID", true}}}}}}}});
  cluster_.bind("odd");
  cluster_.run_for(3s);
  evict("odd");
  EXPECT_EQ(evicted("odd"), kSince);
}

}  // namespace
}  // namespace sandboxlet::agent
