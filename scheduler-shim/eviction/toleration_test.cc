#include "scheduler-shim/eviction/toleration.h"

#include <gmock/gmock.h>

namespace sandboxlet::eviction {
namespace {

using namespace std::chrono_literals;
using scheduler::Taint;
using scheduler::TaintEffect;
using Json = nlohmann::json;

Tolerations tolerations(const Json& list) {
  return read_tolerations({{"spec", {{"podTemplate", {{"spec", {{"tolerations", list}}}}}}}});
}

Taint taint(const std::string& key, const std::string& value = "") {
  return {key, value, TaintEffect::kNoExecute};
}

TEST(Toleration, WhatIsNotToleratedGoesAtOnce) {
  EXPECT_EQ(stays_for(tolerations(Json::array()), taint("maintenance")), 0s);
  const Json other{{"key", "other"}, {"operator", "Exists"}};
  EXPECT_EQ(stays_for(tolerations(Json::array({other})), taint("maintenance")), 0s);
  const Json effect{{"key", "maintenance"}, {"operator", "Exists"}, {"effect", "NoSchedule"}};
  EXPECT_EQ(stays_for(tolerations(Json::array({effect})), taint("maintenance")), 0s);
}

TEST(Toleration, WhatIsToleratedStaysForItsSecondsOrForEver) {
  const Json ever{{"key", "maintenance"}, {"value", "now"}};
  EXPECT_EQ(stays_for(tolerations(Json::array({ever})), taint("maintenance", "now")), std::nullopt);
  EXPECT_EQ(stays_for(tolerations(Json::array({ever})), taint("maintenance", "later")), 0s);
  const Json timed{{"operator", "Exists"}, {"tolerationSeconds", 60}};
  EXPECT_EQ(stays_for(tolerations(Json::array({timed})), taint("maintenance")), 60s);
  const Json negative{{"operator", "Exists"}, {"tolerationSeconds", -5}};
  EXPECT_EQ(stays_for(tolerations(Json::array({negative})), taint("maintenance")), 0s);
}

TEST(Toleration, TheFirstThatToleratesCounts) {
  const Json first{{"key", "maintenance"}, {"operator", "Exists"}, {"tolerationSeconds", 60}};
  const Json second{{"operator", "Exists"}, {"tolerationSeconds", 10}};
  EXPECT_EQ(stays_for(tolerations(Json::array({first, second})), taint("maintenance")), 60s);
}

TEST(Toleration, NodesThatDoNotAnswerAreToleratedAsAdmissionHasIt) {
  EXPECT_EQ(stays_for(tolerations(Json::array()), taint(kNotReady)), 300s);
  EXPECT_EQ(stays_for(tolerations(Json::array()), taint(kUnreachable)), 300s);
  const Json own{{"key", kNotReady}, {"operator", "Exists"}, {"tolerationSeconds", 5}};
  const auto some = tolerations(Json::array({own}));
  EXPECT_EQ(stays_for(some, taint(kNotReady)), 5s);
  EXPECT_EQ(stays_for(some, taint(kUnreachable)), 300s);
}

TEST(Toleration, WhatCannotBeReadToleratesNothing) {
  const Json good{{"operator", "Exists"}};
  const Json bad{{"operator", "Maybe"}};
  EXPECT_EQ(stays_for(tolerations(Json::array({good, bad})), taint("maintenance")), 0s);
}

}  // namespace
}  // namespace sandboxlet::eviction
