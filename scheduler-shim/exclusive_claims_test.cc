#include "scheduler-shim/exclusive_claims.h"

#include <gmock/gmock.h>

#include "scheduler-shim/read_claim_info.h"
#include "scheduler-shim/testing/cluster.h"
#include "scheduler-shim/testing/volumes.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ExclusiveClaims, AreThoseThatOnePodAloneMayHave) {
  TestCluster cluster;
  cluster.volumes.set_claim(*read_claim(claim_json("shared")));
  cluster.volumes.set_claim(
      *read_claim(claim_json("own", json(R"({"spec": {"accessModes": ["ReadWriteOncePod"]}})"))));
  const PodInfo pod = cluster.pod({"box", using_claims({"shared", "own", "missing"})});
  EXPECT_THAT(exclusive_claims(pod, cluster.volumes), ElementsAre("own"));
  EXPECT_THAT(exclusive_claims(cluster.pod({"none"}), cluster.volumes), IsEmpty());
}

TEST(ExclusiveClaims, APodHasOneFromItsBindingToItsEnd) {
  const auto has = [](const Json& patch) {
    Json pod{{"spec", using_claims({"other", "own"})}};
    pod.merge_patch(patch);
    return have_any_of({{"items", Json::array({pod})}}, {"own"});
  };
  EXPECT_FALSE(has(Json::object()));
  EXPECT_TRUE(has(json(R"({"spec": {"nodeName": "n"}})")));
  EXPECT_TRUE(has(json(R"({"spec": {"nodeName": "n"}, "status": {"phase": "Pending"}})")));
  EXPECT_FALSE(has(json(R"({"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded"}})")));
  EXPECT_FALSE(has(json(R"({"spec": {"nodeName": "n"}, "status": {"phase": "Failed"}})")));
  EXPECT_FALSE(has(json(R"({"spec": {"nodeName": "n", "volumes": null}})")));
}

}  // namespace
}  // namespace sandboxlet::scheduler
