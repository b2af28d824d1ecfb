#include "scheduler-shim/pool.h"

#include <gtest/gtest.h>

#include <optional>

#include "scheduler-shim/pod_info.h"

namespace sandboxlet::scheduler {
namespace {

PodIdentity identity(const std::string& app) {
  return {"default", Labels(api::StringMap{{"app", app}})};
}

TEST(Pool, EqualValuesAreOne) {
  Pool<PodIdentity> pool;
  const auto first = pool.share(identity("a"));
  EXPECT_EQ(pool.share(identity("a")), first);
  EXPECT_NE(pool.share(identity("b")), first);
}

TEST(Pool, ForgetsWhatNobodyHolds) {
  Pool<PodIdentity> pool;
  auto first = pool.share(identity("a"));
  EXPECT_EQ(pool.size(), 1U);
  first.reset();
  EXPECT_EQ(pool.size(), 0U);
  EXPECT_EQ(*pool.share(identity("a")), identity("a"));
}

TEST(Pool, ValuesOutliveIt) {
  std::optional<Pool<PodIdentity>> pool(std::in_place);
  const auto value = pool->share(identity("a"));
  pool.reset();
  EXPECT_EQ(*value, identity("a"));
}

TEST(Pool, EveryFieldOfATemplateTellsTemplatesApart) {
  Pool<PodTemplateInfo> pool;
  std::vector<PodTemplateInfo> all(4);
  all[1].spread.push_back({.topology_key = "zone"});
  all[2].anti_affinity.push_back({.topology_key = "zone"});
  all[3].required_node_terms.push_back({.weight = 1});
  std::vector<std::shared_ptr<const PodTemplateInfo>> held;
  for (const auto& one : all) held.push_back(pool.share(one));
  EXPECT_EQ(pool.size(), all.size());
}

}  // namespace
}  // namespace sandboxlet::scheduler
