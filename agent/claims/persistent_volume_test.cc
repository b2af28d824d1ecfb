#include "agent/claims/persistent_volume.h"

#include <gtest/gtest.h>

#include "agent/claims/testing/objects.h"

namespace sandboxlet::agent {
namespace {

using Json = nlohmann::json;

PersistentVolume source_of(const Json& source) { return read_volume(bound_volume(source)).source; }

// Whether a volume with these terms is of the node.
bool is_here(const Json& terms) {
  const Json affinity{{"required", {{"nodeSelectorTerms", terms}}}};
  return is_of_node(read_volume(bound_volume({{"hostPath", {{"path", "/x"}}}},
                                             {{"spec", {{"nodeAffinity", affinity}}}})),
                    kTestNode);
}

Json expression(const std::string& key, const std::string& comparison,
                const std::vector<std::string>& values) {
  return {{"key", key}, {"operator", comparison}, {"values", values}};
}

TEST(ReadVolume, KnowsTheKindsThatCanBeStaged) {
  EXPECT_EQ(std::get<HostPath>(source_of({{"hostPath", {{"path", "/x"}}}}).source).path, "/x");
  EXPECT_EQ(std::get<Local>(source_of({{"local", {{"path", "/y"}}}}).source).path, "/y");
  const Json ours{{"csi", {{"driver", "local.sandboxlet.io"}, {"volumeHandle", "pvc-u-1"}}}};
  EXPECT_EQ(std::get<NodeVolume>(source_of(ours).source).name, "pvc-u-1");
}

TEST(ReadVolume, EveryOtherKindIsNamed) {
  const Json foreign{{"csi", {{"driver", "ebs.csi.aws.com"}, {"volumeHandle", "v"}}}};
  EXPECT_EQ(std::get<OtherKind>(source_of(foreign).source).field, "csi (ebs.csi.aws.com)");
  EXPECT_EQ(std::get<OtherKind>(source_of({{"iscsi", Json::object()}}).source).field, "iscsi");
  EXPECT_EQ(std::get<OtherKind>(source_of(Json::object()).source).field, "none");
}

TEST(IsOfNode, OneWithoutAffinityIsOfEveryNode) {
  EXPECT_TRUE(is_of_node(read_volume(bound_volume({{"hostPath", {{"path", "/x"}}}})), kTestNode));
}

TEST(IsOfNode, OneOfItsTermsHasToHoldInWhole) {
  constexpr char kHostname[] = "kubernetes.io/hostname";
  const Json here = expression(kHostname, "In", {"node-0", kTestNode});
  const Json there = expression(kHostname, "In", {"node-2"});
  EXPECT_TRUE(is_here({{{"matchExpressions", {here}}}}));
  EXPECT_FALSE(is_here({{{"matchExpressions", {there}}}}));
  EXPECT_TRUE(is_here({{{"matchExpressions", {there}}}, {{"matchExpressions", {here}}}}));
  EXPECT_FALSE(is_here({{{"matchExpressions", {here, there}}}}));
  EXPECT_FALSE(is_here({{{"matchExpressions", {expression(kHostname, "NotIn", {kTestNode})}}}}));
  EXPECT_FALSE(is_here({{{"matchExpressions", {expression(kHostname, "DoesNotExist", {})}}}}));
  EXPECT_TRUE(is_here({{{"matchExpressions", {expression(kHostname, "Exists", {})}}}}));
  EXPECT_FALSE(is_here({{{"matchFields", {expression("metadata.name", "In", {"node-2"})}}}}));
}

TEST(IsOfNode, LabelsThatItDoesNotKnowAreTheSchedulers) {
  EXPECT_TRUE(
      is_here({{{"matchExpressions", {expression("topology.kubernetes.io/zone", "In", {"a"})}}}}));
}

}  // namespace
}  // namespace sandboxlet::agent
