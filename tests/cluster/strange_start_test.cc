#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using testing::HasSubstr;

// Nodes and shims that begin where not all is as it should be.
using StrangeStartTest = ClusterTest;

TEST_F(StrangeStartTest, WhoComesBeforeTheKindsWaitsForThem) {
  kubectl({"delete", "crd", "sandboxes.agents.x-k8s.io", "sandboxnodes.sandboxlet.io"});
  begin();
  EXPECT_TRUE(eventually(
      [&] { return node().agent->log().find("registration: PATCH") != std::string::npos; }));
  const auto prepared = Cluster::prepare(api());
  ASSERT_TRUE(prepared) << prepared.error().message();
  create(counter("first"));
  EXPECT_TRUE(becomes("first", "Ready", "True"));
}

TEST_F(StrangeStartTest, AShimWhoseClockIsMinutesAheadTakesNoNodeForDead) {
  const auto shim =
      cluster_->add_shim({}, {"env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "faketime", "-f", "+7m"});
  ASSERT_TRUE(shim) << shim.error().message();
  const auto node = cluster_->add_node("node-1");
  ASSERT_TRUE(node) << node.error().message();
  create(counter("early"));
  EXPECT_TRUE(becomes("early", "Ready", "True"));
  EXPECT_THAT((*shim)->log(), testing::Not(HasSubstr("has run out")));
}

}  // namespace
}  // namespace sandboxlet::test
