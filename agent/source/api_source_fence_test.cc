#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "agent/source/api_source.h"
#include "api/conditions.h"
#include "tests/simulation/cluster.h"

namespace sandboxlet::agent {
namespace {

using namespace std::chrono_literals;
using simulation::Cluster;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

// A node that is cut off from its API server, with a Sandbox that may be bound elsewhere after five
// minutes. The lease is renewed when a test says so.
class ApiSourceFenceTest : public testing::Test {
 protected:
  ApiSourceFenceTest() {
    spdlog::set_level(spdlog::level::off);
    uid_ = ready("box", R"({"volumeClaimTemplates": null})");
  }

  // With that change of its spec.
  std::string ready(const std::string& name, const char* change) {
    const std::string uid = cluster_.create(name)["metadata"]["uid"];
    cluster_.patch(name, {{"spec", Json::parse(change)}});
    cluster_.bind(name);
    cluster_.run_for(3s);
    EXPECT_TRUE(is_ready(uid));
    return uid;
  }
  void cut_off(Duration time) {
    cluster_.server().go_away();
    cluster_.run_for(time);
  }
  void renew() {
    cluster_.source().lease_renewed(cluster_.life().loop().clock().now());
    cluster_.run_for(3s);
  }
  // The watch follows again.
  void come_back() {
    cluster_.server().come_back();
    cluster_.run_for(1min);
  }

  bool frozen(const std::string& uid) { return cluster_.machine().cgroups().frozen(uid); }
  bool is_ready(const std::string& uid) {
    const auto actor = cluster_.life().manager().find(uid);
    return actor && api::is_true(actor->sandbox().status.conditions, "Ready");
  }
  bool told_ready() {
    const Json object = cluster_.get("box");
    for (const Json& one : object["status"]["conditions"]) {
      if (one["type"] == "Ready") return one["status"] == "True";
    }
    return false;
  }

  Cluster cluster_;
  std::string uid_;
};

TEST_F(ApiSourceFenceTest, WhatMayBeBoundElsewhereIsFrozenBeforeAndWhatMayNotRunsOn) {
  const std::string tied = ready("tied", "{}");
  const std::string patient = ready("patient", R"({"volumeClaimTemplates": null, "podTemplate":
      {"spec": {"tolerations": [{"operator": "Exists"}]}}})");
  const std::string hasty = ready("hasty", R"({"volumeClaimTemplates": null, "podTemplate":
      {"spec": {"tolerations": [{"key": "node.kubernetes.io/unreachable", "operator": "Exists",
                                 "tolerationSeconds": 0}]}}})");
  renew();
  cut_off(25s);
  EXPECT_FALSE(frozen(hasty));
  cluster_.run_for(5s);
  EXPECT_TRUE(frozen(hasty));
  EXPECT_FALSE(frozen(uid_));
  cluster_.run_for(300s);
  EXPECT_TRUE(frozen(uid_));
  EXPECT_FALSE(is_ready(uid_));
  cluster_.run_for(24h);
  EXPECT_TRUE(is_ready(tied));
  EXPECT_TRUE(is_ready(patient));
}

TEST_F(ApiSourceFenceTest, GoesOnOnceItIsCertainThatItIsBoundHere) {
  cut_off(10min);
  ASSERT_TRUE(frozen(uid_));
  come_back();
  EXPECT_TRUE(frozen(uid_)) << "the lease was not renewed";
  EXPECT_FALSE(told_ready());
  renew();
  EXPECT_FALSE(frozen(uid_));
  EXPECT_TRUE(told_ready());
  EXPECT_TRUE(cluster_.get("box")["status"].contains("nodeConfirmed"));
  EXPECT_THAT(cluster_.second_pass(), testing::IsEmpty());
}

TEST_F(ApiSourceFenceTest, WhatIsBoundElsewhereByThenIsKilledAsItIs) {
  cut_off(10min);
  cluster_.bind("box", "node-2");
  cluster_.life().operations().clear();
  renew();
  come_back();
  renew();
  EXPECT_THAT(cluster_.life().operations(), Contains("KillAll"));
  EXPECT_THAT(cluster_.life().operations(), Not(Contains("Thaw")));
  EXPECT_EQ(cluster_.machine().runtime().state().pods().size(), 0U);
}

TEST_F(ApiSourceFenceTest, OneThatCameBackFromAnotherNodeIsFencedAnew) {
  cut_off(10min);
  cluster_.bind("box", "node-2");
  come_back();
  renew();
  cluster_.bind("box");
  cluster_.run_for(3s);
  ASSERT_TRUE(is_ready(uid_));
  cut_off(10min);
  EXPECT_TRUE(frozen(uid_));
}

TEST_F(ApiSourceFenceTest, ABindingThatComesBetweenWins) {
  cut_off(10min);
  come_back();
  int bindings = 0;
  cluster_.server().fault = [&](const kube::HttpRequest& request) {
    if (request.body.find("nodeConfirmed") != std::string::npos && bindings++ == 0) {
      cluster_.bind("box", "node-2");
    }
    return kube::FakeHttpFault();
  };
  cluster_.life().operations().clear();
  renew();
  cluster_.run_for(1min);
  EXPECT_EQ(bindings, 1);
  EXPECT_THAT(cluster_.life().operations(), Not(Contains("Thaw")));
  EXPECT_EQ(cluster_.machine().runtime().state().pods().size(), 0U);
}

TEST_F(ApiSourceFenceTest, ARestartWhileItIsCutOffFreesNothing) {
  cut_off(10min);
  cluster_.kill_agent();
  cluster_.start_agent(10min);
  cluster_.run_for(1min);
  EXPECT_TRUE(frozen(uid_));
  come_back();
  renew();
  EXPECT_FALSE(frozen(uid_));
  EXPECT_TRUE(is_ready(uid_));
}

TEST_F(ApiSourceFenceTest, TheLocalSocketSaysWhyItDoesNotGoOn) {
  cut_off(10min);
  const auto resumed = cluster_.run(cluster_.source().resume({"", "box"}, "User"));
  ASSERT_FALSE(resumed);
  EXPECT_THAT(resumed.error().message(), HasSubstr("may be bound to another"));
}

}  // namespace
}  // namespace sandboxlet::agent
