#include "scheduler-shim/network/owned.h"

#include <gmock/gmock.h>

#include "scheduler-shim/network/testing/reaches.h"

namespace sandboxlet::network {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// The headless Service of the box, at a version.
Json service(const std::string& version, const Json& patch = Json::object()) {
  const Reach reach = read_reach(box());
  Json object = shown(new_service(headless_service(reach), reach), "s-1", patch);
  object["metadata"]["resourceVersion"] = version;
  return object;
}

TEST(OwnedIndex, KnowsWhatASandboxControls) {
  OwnedIndex index;
  EXPECT_EQ(index.set_service(service("3")), "u-1");
  const Owned& owned = index.of("u-1");
  EXPECT_EQ(owned.sandbox.name, "box");
  EXPECT_EQ(owned.sandbox.namespace_, "default");
  ASSERT_NE(owned.service("box"), nullptr);
  EXPECT_EQ(owned.service("another"), nullptr);
  EXPECT_THAT(index.sandboxes(), ElementsAre("u-1"));
  EXPECT_EQ(index.remove("s-1"), "u-1");
  EXPECT_FALSE(index.contains("u-1"));
  EXPECT_EQ(index.remove("s-1"), "");
}

TEST(OwnedIndex, AnOlderVersionIsNoNews) {
  OwnedIndex index;
  index.set_service(service("10"));
  index.set_service(service("9", {{"spec", {{"ports", Json::array()}}}}));
  EXPECT_THAT(index.of("u-1").services.at(0).service.ports, SizeIs(2));
  index.set_service(service("11", {{"spec", {{"ports", Json::array()}}}}));
  EXPECT_THAT(index.of("u-1").services.at(0).service.ports, IsEmpty());
}

TEST(OwnedIndex, WhatNoSandboxControlsIsNotTakenIn) {
  const Json owners[] = {
      nullptr,
      Json::parse(
          R"([{"apiVersion": "agents.x-k8s.io/v1beta1", "kind": "Sandbox", "uid": "u-1"}])"),
      Json::parse(R"([{"apiVersion": "apps/v1", "kind": "Sandbox", "uid": "u-1",
                       "controller": true}])"),
  };
  for (const Json& owner : owners) {
    OwnedIndex index;
    Json object = service("3");
    object["metadata"]["ownerReferences"] = owner;
    EXPECT_EQ(index.set_service(object), "") << owner;
    EXPECT_THAT(index.sandboxes(), IsEmpty());
  }
}

TEST(OwnedIndex, WhatIsTakenFromASandboxIsItsNoMore) {
  OwnedIndex index;
  index.set_service(service("3"));
  EXPECT_EQ(index.set_service(service("4", {{"metadata", {{"ownerReferences", nullptr}}}})), "u-1");
  EXPECT_FALSE(index.contains("u-1"));
}

}  // namespace
}  // namespace sandboxlet::network
