#include "api/node_loss.h"

#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

using std::chrono::seconds;
using Tolerations = std::vector<Toleration>;

std::optional<seconds> moved(Tolerations tolerations) {
  SandboxSpec spec;
  spec.podTemplate.spec.tolerations = std::move(tolerations);
  return moved_after(spec);
}

TEST(NodeLoss, IsToleratedForFiveMinutesWhereNothingIsSaid) {
  EXPECT_EQ(moved({}), seconds(300));
  EXPECT_EQ(moved({{"node.kubernetes.io/not-ready", "Exists", "", "NoExecute", 5}}), seconds(300));
  EXPECT_EQ(moved({{"", "Exists", "", "NoSchedule", 5}}), seconds(300));
  EXPECT_EQ(moved({{"node.kubernetes.io/unreachable", "Equal", "yes", "NoExecute", 5}}),
            seconds(300));
}

TEST(NodeLoss, IsToleratedForAsLongAsTheShortestTolerationSays) {
  const Toleration minute{"node.kubernetes.io/unreachable", "Exists", "", "NoExecute", 60};
  const Toleration second{"", "Exists", "", "", 1};
  const Toleration for_ever{"", "Exists", "", "", std::nullopt};
  EXPECT_EQ(moved({minute}), seconds(60));
  EXPECT_EQ(moved({minute, second, for_ever}), seconds(1));
  EXPECT_EQ(moved({{"node.kubernetes.io/unreachable", "", "", "NoExecute", -5}}), seconds(0));
}

TEST(NodeLoss, IsWaitedForWhereItIsToleratedForEverOrDataIsThere) {
  EXPECT_EQ(moved({{"", "Exists", "", "", std::nullopt}}), std::nullopt);
  SandboxSpec spec;
  spec.volumeClaimTemplates.emplace_back();
  EXPECT_EQ(moved_after(spec), std::nullopt);
}

TEST(NodeLoss, AnyClaimKeepsDataOnItsNode) {
  SandboxSpec spec;
  auto& volume = spec.podTemplate.spec.volumes.emplace_back();
  volume.emptyDir.emplace();
  EXPECT_FALSE(keeps_data_on_its_node(spec));
  volume = {.name = "data", .persistentVolumeClaim = PersistentVolumeClaimVolumeSource{"mine"}};
  EXPECT_TRUE(keeps_data_on_its_node(spec));
  EXPECT_EQ(moved_after(spec), std::nullopt);
}

}  // namespace
}  // namespace sandboxlet::api
