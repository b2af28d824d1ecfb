#include "kube/resource.h"

#include <gtest/gtest.h>

#include "kube/resource_version.h"

namespace sandboxlet::kube {
namespace {

TEST(Resource, PathsAreTheServersOwn) {
  EXPECT_EQ(path_of({kSandboxes, "default", "one", "status"}),
            "/apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes/one/status");
  EXPECT_EQ(path_of({kSandboxes, "", "", ""}), "/apis/agents.x-k8s.io/v1beta1/sandboxes");
  EXPECT_EQ(path_of({kSandboxNodes, "", "node", ""}),
            "/apis/sandboxlet.io/v1alpha1/sandboxnodes/node");
  EXPECT_EQ(path_of({{"", "v1", "nodes"}, "", "node", ""}), "/api/v1/nodes/node");
}

TEST(Resource, NothingLeavesItsPlaceInAPath) {
  EXPECT_EQ(path_of({{"", "v1", "pods"}, "a/../b", "x?y=z", ""}),
            "/api/v1/namespaces/a%2F..%2Fb/pods/x%3Fy%3Dz");
  EXPECT_EQ(path_of({{"", "v1", "pods"}, "", "", ""}, {{"fieldSelector", "a=b&c"}, {"watch", "1"}}),
            "/api/v1/pods?fieldSelector=a%3Db%26c&watch=1");
}

TEST(ResourceVersion, IsComparedAsANumber) {
  EXPECT_TRUE(is_newer("10", "9"));
  EXPECT_TRUE(is_newer("101", "100"));
  EXPECT_FALSE(is_newer("9", "10"));
  EXPECT_FALSE(is_newer("10", "10"));
  EXPECT_TRUE(is_newer("1", ""));
}

}  // namespace
}  // namespace sandboxlet::kube
