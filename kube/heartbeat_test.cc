#include "kube/heartbeat.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "api/time.h"
#include "base/manual_loop.h"
#include "kube/fake_api_server.h"

namespace sandboxlet::kube {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::Le;
using testing::SizeIs;
using Json = nlohmann::json;

class HeartbeatTest : public testing::Test {
 protected:
  HeartbeatTest() { spdlog::set_level(spdlog::level::off); }
  ~HeartbeatTest() override {
    heartbeat_.reset();
    server_.client_died(false);
  }

  void beat() {
    HeartbeatOptions options;
    options.namespace_ = "leases";
    options.name = "node-1";
    options.owner = {{"apiVersion", "sandboxlet.io/v1alpha1"},
                     {"kind", "SandboxNode"},
                     {"name", "node-1"},
                     {"uid", "u-1"}};
    heartbeat_ = std::make_unique<Heartbeat>(loop_.io(), loop_.clock(), client_, options);
  }
  static ObjectRef ref() { return {kLeases, "leases", "node-1", ""}; }
  Json lease() const { return server_.objects().get(ref()).body; }
  Duration age() {
    const auto renewed = api::parse_time(lease()["spec"]["renewTime"].get<std::string>());
    return loop_.clock().wall() - *renewed;
  }

  ManualLoop loop_;
  FakeApiServer server_{loop_.clock()};
  Client client_{server_, loop_.clock()};
  std::unique_ptr<Heartbeat> heartbeat_;
};

TEST_F(HeartbeatTest, MakesTheLeaseThatItsOwnerGoesWith) {
  beat();
  loop_.run_for(1s);
  const Json spec = lease()["spec"];
  EXPECT_EQ(spec["holderIdentity"], "node-1");
  EXPECT_EQ(spec["leaseDurationSeconds"], 40);
  EXPECT_EQ(lease()["metadata"]["ownerReferences"][0]["uid"], "u-1");
}

TEST_F(HeartbeatTest, RenewsItEachTenSecondsMoreOrLess) {
  beat();
  loop_.run_for(1000s);
  EXPECT_THAT(server_.requests(), SizeIs(AllOf(Ge(96u), Le(106u))));
  EXPECT_LT(age(), 10'400ms);
}

TEST_F(HeartbeatTest, TakesOverTheLeaseOfItsFormerLife) {
  beat();
  loop_.run_for(1s);
  heartbeat_.reset();
  beat();
  loop_.run_for(1s);
  EXPECT_LT(age(), 2s);
}

TEST_F(HeartbeatTest, WritesOverWhatOthersChangedAndMakesAnewWhatTheyRemoved) {
  beat();
  loop_.run_for(1s);
  ASSERT_EQ(server_.objects().merge_patch(ref(), {{"metadata", {{"labels", {{"a", "b"}}}}}}).status,
            200);
  loop_.run_for(11s);
  EXPECT_LT(age(), 11s);
  EXPECT_EQ(lease()["metadata"]["labels"]["a"], "b");
  ASSERT_EQ(server_.objects().remove(ref()).status, 200);
  loop_.run_for(11s);
  EXPECT_LT(age(), 11s);
}

TEST_F(HeartbeatTest, ALostAnswerCostsNoBeat) {
  bool lost = true;
  server_.fault = [&](const HttpRequest& request) {
    FakeHttpFault fault;
    fault.lost_after = request.method != "GET" && std::exchange(lost, !lost);
    return fault;
  };
  beat();
  for (int i = 0; i < 20; ++i) {
    loop_.run_for(10s);
    EXPECT_LT(age(), 11s);
  }
}

TEST_F(HeartbeatTest, IsBackSoonAfterTheServerIs) {
  server_.go_away();
  beat();
  loop_.run_for(5min);
  server_.come_back();
  loop_.run_for(7s);
  EXPECT_EQ(server_.objects().get(ref()).status, 200);
  server_.go_away();
  loop_.run_for(5min);
  // Five tries a beat, one after the other.
  const size_t before = server_.requests().size();
  loop_.run_for(10min);
  EXPECT_LE(server_.requests().size() - before, 5u * 63u);
  server_.come_back();
  loop_.run_for(11s);
  EXPECT_LT(age(), 11s);
}

TEST_F(HeartbeatTest, BeatsNoMoreOnceItIsDestroyed) {
  beat();
  loop_.run_for(1s);
  heartbeat_.reset();
  server_.clear_requests();
  loop_.run_for(5min);
  EXPECT_THAT(server_.requests(), SizeIs(0));
}

}  // namespace
}  // namespace sandboxlet::kube
