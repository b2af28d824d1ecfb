#include "scheduler-shim/network/next_write.h"

#include <gmock/gmock.h>

#include "scheduler-shim/network/names.h"
#include "scheduler-shim/network/testing/reaches.h"

namespace sandboxlet::network {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string text_of(const Write& write) {
  const char* const verbs[] = {"create ", "patch ", "remove ", "status of "};
  return verbs[static_cast<size_t>(write.kind)] + std::string(write.ref.resource.plural) + "/" +
         write.ref.name;
}

// A Sandbox and what the server has of it: does what next_write() says.
class NextWriteTest : public testing::Test {
 protected:
  static Json own(const std::string& type = "ClusterIP") {
    const Json port{{"name", "http"}, {"port", 80}};
    return {{"networking", {{"service", {{"type", type}, {"ports", Json::array({port})}}}}}};
  }
  void spec(const Json& patch) { change({{"spec", patch}}); }
  void change(const Json& patch) { sandbox_.merge_patch(patch); }

  std::optional<Write> next() {
    const Reach reach = read_reach(sandbox_);
    return next_write({reach, owned_.of("u-1"), refusals_, routes_, domain_, is_being_bound_});
  }
  // Until nothing is to be done.
  std::vector<std::string> converge() {
    std::vector<std::string> done;
    for (auto write = next(); write; write = next()) {
      done.push_back(text_of(*write));
      perform(*write);
      if (done.size() > 20) ADD_FAILURE() << "no end";
      if (done.size() > 20) break;
    }
    return done;
  }
  void perform(const Write& write) {
    const std::string key = subject_of(write.ref);
    switch (write.kind) {
      case WriteKind::kCreate:
        objects_[key] = shown(write.body, "uid of " + key);
        return set(key);
      case WriteKind::kPatch:
        EXPECT_EQ(write.uid, "uid of " + key);
        objects_[key].merge_patch(write.body);
        return set(key);
      case WriteKind::kRemove:
        owned_.remove(write.uid);
        objects_.erase(key);
        return;
      case WriteKind::kStatus:
        EXPECT_EQ(write.body["metadata"]["resourceVersion"],
                  sandbox_["metadata"]["resourceVersion"]);
        Json patch = write.body;
        patch.erase("metadata");
        change(patch);
    }
  }
  void set(const std::string& key) {
    Json& object = objects_[key];
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    if (key.starts_with("Service ")) {
      owned_.set_service(object);
    } else {
      owned_.set_slice(object);
    }
  }

  Json sandbox_ = box();
  std::map<std::string, Json> objects_;
  OwnedIndex owned_;
  Refusals refusals_;
  std::optional<std::vector<RouteStatus>> routes_{std::in_place};
  const std::string domain_ = "cluster.local";
  bool is_being_bound_ = false;
  int version_ = 10;
};

TEST_F(NextWriteTest, NothingIsWrittenOfASandboxThatAsksForNothing) {
  EXPECT_THAT(converge(), IsEmpty());
  spec({{"service", false}});
  EXPECT_THAT(converge(), IsEmpty());
}

TEST_F(NextWriteTest, ServicesComeFirstThenTheirSlicesThenTheStatus) {
  spec({{"service", true}});
  spec(own());
  EXPECT_THAT(converge(),
              ElementsAre("create services/box", "create services/box-service",
                          "create endpointslices/box-ipv4",
                          "create endpointslices/box-service-ipv4", "status of sandboxes/box"));
  EXPECT_THAT(converge(), IsEmpty());
}

TEST_F(NextWriteTest, WhatIsNoLongerAskedForGoesAndNothingElseIsTouched) {
  spec({{"service", true}});
  spec(own());
  converge();
  spec({{"networking", nullptr}});
  EXPECT_THAT(converge(),
              ElementsAre("remove services/box-service", "remove endpointslices/box-service-ipv4",
                          "status of sandboxes/box"));
  spec({{"service", nullptr}});
  EXPECT_THAT(converge(), IsEmpty());
  spec({{"service", false}});
  EXPECT_THAT(converge(), ElementsAre("remove services/box", "remove endpointslices/box-ipv4",
                                      "status of sandboxes/box"));
}

TEST_F(NextWriteTest, AChangeOfTheSpecIsOnePatch) {
  spec(own());
  converge();
  spec(own("NodePort"));
  EXPECT_THAT(converge(), ElementsAre("patch services/box-service"));
  change({{"status", {{"conditions", nullptr}}}});
  EXPECT_THAT(converge(), ElementsAre("patch endpointslices/box-service-ipv4"));
}

TEST_F(NextWriteTest, AServiceWithoutItsLabelsHasThemAgain) {
  spec({{"service", true}});
  converge();
  objects_["Service box"]["metadata"].erase("labels");
  set("Service box");
  EXPECT_THAT(converge(), ElementsAre("patch services/box"));
}

TEST_F(NextWriteTest, OneThatIsOnItsWayOutIsLeftAloneAndIsNotToldOf) {
  spec({{"service", true}});
  converge();
  objects_["Service box"]["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z";
  set("Service box");
  EXPECT_THAT(converge(), ElementsAre("remove endpointslices/box-ipv4", "status of sandboxes/box"));
  owned_.remove("uid of Service box");
  EXPECT_THAT(next()->ref.name, "box");
}

TEST_F(NextWriteTest, WhatIsRefusedIsPassedOverAndTold) {
  spec({{"service", true}});
  spec(own());
  refusals_["Service box"] = "exists";
  EXPECT_THAT(converge(),
              ElementsAre("create services/box-service", "create endpointslices/box-service-ipv4",
                          "status of sandboxes/box"));
  EXPECT_EQ(sandbox_["status"]["networking"]["message"], "Service box: exists");
}

TEST_F(NextWriteTest, ASliceThatIsSomebodyElsesIsPassedOverToo) {
  spec({{"service", true}});
  refusals_["EndpointSlice box-ipv4"] = "exists";
  EXPECT_THAT(converge(), ElementsAre("create services/box", "status of sandboxes/box"));
}

TEST_F(NextWriteTest, NothingIsMadeForOneThatIsBeingDeleted) {
  spec({{"service", true}});
  converge();
  spec(own());
  change({{"metadata", {{"deletionTimestamp", "2026-01-02T03:04:05Z"}}}});
  EXPECT_THAT(converge(), ElementsAre("patch endpointslices/box-ipv4"));
}

TEST_F(NextWriteTest, TheStatusWaitsForRoutesToBeKnown) {
  spec({{"service", true}});
  routes_.reset();
  EXPECT_THAT(converge(), ElementsAre("create services/box", "create endpointslices/box-ipv4"));
}

TEST_F(NextWriteTest, TheStatusWaitsForTheBinding) {
  spec({{"service", true}});
  is_being_bound_ = true;
  EXPECT_THAT(converge(), ElementsAre("create services/box", "create endpointslices/box-ipv4"));
  is_being_bound_ = false;
  EXPECT_THAT(converge(), ElementsAre("status of sandboxes/box"));
}

TEST_F(NextWriteTest, OneThatHasExpiredIsReachedNoMore) {
  spec({{"service", true}});
  spec(own());
  converge();
  const Json expired{{"type", "Ready"}, {"status", "False"}, {"reason", "SandboxExpired"}};
  change({{"status", {{"conditions", Json::array({expired})}}}});
  converge();
  EXPECT_THAT(objects_, IsEmpty());
  EXPECT_FALSE(sandbox_["status"].contains("service"));
  EXPECT_FALSE(sandbox_["status"].contains("networking"));
}

}  // namespace
}  // namespace sandboxlet::network
