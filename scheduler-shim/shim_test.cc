#include "scheduler-shim/shim.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "base/manual_loop.h"
#include "kube/fake_api_server.h"

namespace sandboxlet::scheduler {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

// The shim at a fake API server that has no nodes: what it does beside binding.
class ShimTest : public testing::Test {
 protected:
  ShimTest() { spdlog::set_level(spdlog::level::off); }
  ~ShimTest() override { server_.client_died(false); }

  static kube::ObjectRef box(std::string_view subresource = {}) {
    return {kube::kSandboxes, "default", "box", subresource};
  }
  // Bound to that node and held by its agent.
  void create(const std::string& node) {
    // It does not answer, and is not gone for good.
    server_.objects().create({kube::kSandboxNodes, "", "node-1", ""}, Json::object());
    const Json object{{"apiVersion", api::kSandboxApiVersion},
                      {"kind", api::kSandboxKind},
                      {"metadata", {{"finalizers", {api::kNodeFinalizer}}}}};
    ASSERT_EQ(server_.objects().create(box(), object).status, 201);
    bind(node);
  }
  void bind(const std::string& node) {
    const Json patch{{"status", {{"nodeName", node}}}};
    ASSERT_EQ(server_.objects().merge_patch(box("status"), patch).status, 200);
  }
  bool is_gone() const { return server_.objects().get(box()).status == 404; }

  ManualLoop loop_;
  kube::FakeApiServer server_{loop_.clock()};
  kube::Client client_{server_, loop_.clock()};
  kube::EventRecorder events_{loop_.io(), loop_.clock(), client_, "sandboxlet.io/shim", "shim-1"};
  Shim shim_{{loop_.io(), loop_.clock(), client_, server_, events_}, {}};
};

TEST_F(ShimTest, LetsADeletedSandboxGoOnceItIsOnNoNode) {
  create("node-1");
  server_.objects().remove(box());
  loop_.run_for(10s);
  EXPECT_FALSE(is_gone());
  bind("");
  loop_.run_for(10s);
  EXPECT_TRUE(is_gone());
}

TEST_F(ShimTest, ASandboxThatIsOnNoNodeKeepsItsFinalizerUntilItIsDeleted) {
  create("");
  loop_.run_for(10s);
  EXPECT_EQ(server_.objects().get(box()).body["metadata"]["finalizers"].size(), 1U);
  server_.objects().remove(box());
  loop_.run_for(10s);
  EXPECT_TRUE(is_gone());
}

TEST_F(ShimTest, ABindingThatComesBetweenKeepsTheFinalizer) {
  create("");
  int patches = 0;
  server_.fault = [&](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.method != "PATCH" || request.body.find("finalizers") == std::string::npos) {
      return fault;
    }
    ++patches;
    // It takes effect after the binding.
    fault.delay = 1s;
    bind("node-1");
    return fault;
  };
  server_.objects().remove(box());
  loop_.run_for(1min);
  EXPECT_EQ(patches, 1);
  EXPECT_FALSE(is_gone());
}

// Who decides waits for that, and may hear nothing after it.
TEST_F(ShimTest, TellsOnceAllLeasesAreKnown) {
  NodeLeases leases{{loop_.io(), loop_.clock(), client_, server_, events_}};
  bool was_ready = false;
  leases.listen([](const std::string&, bool) {}, [&] { was_ready = leases.ready().has_value(); });
  EXPECT_FALSE(leases.ready());
  loop_.run_for(10s);
  EXPECT_TRUE(was_ready);
}

}  // namespace
}  // namespace sandboxlet::scheduler
