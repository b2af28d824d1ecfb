#include "agent/claims/cluster_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "agent/claims/testing/storage_node.h"
#include "agent/volume/testing.h"
#include "api/testing/sandboxes.h"
#include "kube/fields.h"

namespace sandboxlet::agent {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using Found = Result<PersistentVolume>;

constexpr char kUid[] = "uid-of-box";

class ClusterClaimsTest : public testing::Test {
 protected:
  ClusterClaimsTest() {
    spdlog::set_level(spdlog::level::off);
    node_.run_for(1s);
  }
  ~ClusterClaimsTest() override { node_.kill_agent(); }

  // Begins to find "data-box".
  void find() {
    answer_.reset();
    api::Sandbox sandbox = api::valid_sandbox();
    sandbox.metadata.namespace_ = "default";
    sandbox.metadata.uid = kUid;
    auto take = [this](const std::exception_ptr&, Found found) { answer_ = std::move(found); };
    asio::co_spawn(node_.loop().io(),
                   node_.claims().find(std::make_shared<const api::Sandbox>(sandbox), "data-box"),
                   take);
  }
  std::string said() {
    if (!answer_) return "nothing yet";
    return *answer_ ? "found" : answer_->error().message();
  }
  void make_volume(const Json& source) {
    Json volume = bound_volume(source);
    volume["metadata"].erase("resourceVersion");
    volume["spec"]["claimRef"]["uid"] = node_.claim()["metadata"]["uid"];
    const kube::ObjectRef ref{kube::kPersistentVolumes, "", "pv", ""};
    node_.server().objects().create(ref, volume);
    node_.patch_claim({{"spec", {{"volumeName", "pv"}}}});
    node_.patch_claim({{"status", {{"phase", "Bound"}}}}, "status");
  }

  const Scratch scratch_;
  StorageNode node_{scratch_.path()};
  std::optional<Found> answer_;
};

const Json kUnlabelled{{"metadata", {{"labels", nullptr}, {"annotations", nullptr}}}};

TEST_F(ClusterClaimsTest, AClaimWhoseVolumeIsBeingMadeIsWaitedFor) {
  node_.create_claim();
  find();
  node_.run_for(1s);
  EXPECT_EQ(said(), "nothing yet");
  node_.server().clear_requests();
  node_.control();
  node_.run_for(100ms);
  ASSERT_EQ(said(), "found");
  EXPECT_EQ(std::get<NodeVolume>((*answer_)->source).name,
            kube::text_at(node_.claim(), "/spec/volumeName"));
  // What was shown suffices.
  EXPECT_THAT(node_.server().requests(), testing::IsEmpty());
}

TEST_F(ClusterClaimsTest, ItsOwnThatWasShownIsNotAskedFor) {
  const Json owner{{"kind", "Sandbox"}, {"uid", kUid}, {"controller", true}};
  node_.create_claim({{"metadata", {{"ownerReferences", Json::array({owner})}}}});
  node_.run_for(1s);
  node_.server().clear_requests();
  find();
  node_.control();
  node_.run_for(100ms);
  EXPECT_EQ(said(), "found");
  EXPECT_THAT(node_.server().requests(), testing::IsEmpty());
}

TEST_F(ClusterClaimsTest, WhatIsMissingIsToldAfterAWhile) {
  find();
  node_.run_for(4s);
  EXPECT_EQ(said(), "nothing yet");
  node_.run_for(2s);
  EXPECT_EQ(said(), "persistentvolumeclaim \"data-box\" not found");
  EXPECT_EQ(answer_->error().code(), Code::kUnavailable);
  node_.create_claim(kUnlabelled);
  find();
  node_.run_for(6s);
  EXPECT_EQ(said(), "persistentvolumeclaim \"data-box\" is not bound");
}

TEST_F(ClusterClaimsTest, WhyItIsNotMadeIsToldToo) {
  node_.create_claim({{"spec", {{"volumeMode", "Filesystem"}, {"selector", {{"a", "b"}}}}}});
  find();
  node_.run_for(6s);
  EXPECT_EQ(said(),
            "persistentvolumeclaim \"data-box\" is not bound: spec.selector: is not supported");
}

TEST_F(ClusterClaimsTest, AClaimThatComesWhileItIsWaitedForIsFound) {
  find();
  node_.run_for(1s);
  node_.create_claim();
  node_.run_for(1s);
  node_.control();
  node_.run_for(1s);
  EXPECT_EQ(said(), "found");
}

TEST_F(ClusterClaimsTest, VolumesOfOthersAreAskedFor) {
  node_.create_claim(kUnlabelled);
  make_volume({{"nfs", {{"server", "s"}, {"path", "/p"}}}});
  find();
  node_.run_for(1s);
  ASSERT_EQ(said(), "found");
  EXPECT_EQ(std::get<Nfs>((*answer_)->source).server, "s");
}

TEST_F(ClusterClaimsTest, WhatWillNotDoIsToldAtOnce) {
  node_.create_claim({{"metadata", {{"finalizers", {"x.io/y"}}}}});
  const kube::ObjectRef ref{kube::kPersistentVolumeClaims, "default", "data-box", ""};
  node_.server().objects().remove(ref);
  find();
  node_.run_for(1s);
  EXPECT_EQ(said(), "persistentvolumeclaim \"data-box\" is being deleted");
}

// The watch may lag behind: a claim of the same name that is gone is not taken for the one of now.
TEST_F(ClusterClaimsTest, ANamesakeOfBeforeIsNotTaken) {
  node_.create_claim();
  node_.run_for(1s);
  node_.control();
  node_.run_for(1s);
  node_.server().stall_watches();
  node_.remove_claim();
  node_.create_claim();
  find();
  node_.run_for(6s);
  EXPECT_EQ(said(), "persistentvolumeclaim \"data-box\" is not bound");
}

TEST_F(ClusterClaimsTest, WithoutTheApiServerItSaysSo) {
  node_.server().go_away();
  find();
  node_.run_for(6s);
  EXPECT_EQ(answer_->error().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace sandboxlet::agent
