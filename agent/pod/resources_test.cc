#include "agent/pod/resources.h"

#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

constexpr int64_t kGiB = 1LL << 30;

api::Container container(api::StringMap requests, api::StringMap limits) {
  api::Container made;
  made.name = "c";
  made.resources.requests = std::move(requests);
  made.resources.limits = std::move(limits);
  return made;
}

api::PodSpec spec(std::vector<api::Container> containers) {
  api::PodSpec made;
  made.containers = std::move(containers);
  return made;
}

TEST(Resources, SharesAreHeldWithinTheKernelsBounds) {
  EXPECT_EQ(cpu_shares(0), 2);
  EXPECT_EQ(cpu_shares(1), 2);
  EXPECT_EQ(cpu_shares(250), 256);
  EXPECT_EQ(cpu_shares(1'000'000), 262'144);
}

TEST(Resources, QuotaIsAtLeastAMillisecond) {
  EXPECT_EQ(cpu_quota(0), 0);
  EXPECT_EQ(cpu_quota(1), 1000);
  EXPECT_EQ(cpu_quota(1500), 150'000);
}

TEST(Resources, WithoutAnyRequestOrLimitAPodIsBestEffort) {
  EXPECT_EQ(qos_class(spec({container({}, {})})), QosClass::kBestEffort);
  EXPECT_EQ(qos_class(spec({container({{"cpu", "0"}}, {})})), QosClass::kBestEffort);
}

TEST(Resources, GuaranteedNeedsEqualLimitsOfBothKindsInEveryContainer) {
  const auto full =
      container({{"cpu", "1"}, {"memory", "1Gi"}}, {{"cpu", "1000m"}, {"memory", "1Gi"}});
  EXPECT_EQ(qos_class(spec({full})), QosClass::kGuaranteed);
  EXPECT_EQ(qos_class(spec({full, container({}, {})})), QosClass::kBurstable);
  EXPECT_EQ(qos_class(spec({container({}, {{"memory", "1Gi"}})})), QosClass::kBurstable);
  EXPECT_EQ(qos_class(spec({container({}, {{"cpu", "1"}, {"memory", "1Gi"}})})),
            QosClass::kGuaranteed);
}

TEST(Resources, ThePodsCgroupIsLimitedOnlyWhereEveryContainerIs) {
  const auto both = pod_resources(spec({container({}, {{"cpu", "1"}, {"memory", "1Gi"}}),
                                        container({{"cpu", "500m"}}, {{"memory", "1Gi"}})}));
  EXPECT_EQ(both.cpu_shares, 1536);
  EXPECT_EQ(both.cpu_quota, std::nullopt);
  EXPECT_EQ(both.memory_limit, 2 * kGiB);
  EXPECT_EQ(pod_resources(spec({container({}, {})})), PodResources{});
}

TEST(Resources, TheOomScoreFollowsTheShareOfTheNodesMemory) {
  const auto score = [](const api::Container& one) {
    return container_resources(spec({one}), one, 8 * kGiB).oom_score_adj();
  };
  EXPECT_EQ(score(container({}, {})), 1000);
  EXPECT_EQ(score(container({{"memory", "2Gi"}}, {})), 750);
  EXPECT_EQ(score(container({{"cpu", "1m"}}, {})), 999);
  EXPECT_EQ(score(container({{"memory", "8Gi"}}, {})), 3);
  EXPECT_EQ(score(container({}, {{"cpu", "1"}, {"memory", "1Gi"}})), -997);
}

TEST(Resources, AContainersLimitStandsInForARequestThatIsNotThere) {
  const auto one = container({}, {{"cpu", "2"}, {"memory", "64Mi"}});
  const auto resources = container_resources(spec({one}), one, kGiB);
  EXPECT_EQ(resources.cpu_shares(), 2048);
  EXPECT_EQ(resources.cpu_quota(), 200'000);
  EXPECT_EQ(resources.memory_limit_in_bytes(), 64LL << 20);
  EXPECT_EQ(resources.memory_swap_limit_in_bytes(), 0);
}

}  // namespace
}  // namespace sandboxlet::agent
