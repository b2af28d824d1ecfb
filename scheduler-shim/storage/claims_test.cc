#include "scheduler-shim/storage/claims.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "api/storage.h"
#include "base/manual_loop.h"
#include "kube/fake_api_server.h"
#include "scheduler-shim/shim.h"
#include "scheduler-shim/testing/volumes.h"

namespace sandboxlet::storage {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The whole shim at a fake API server with one node, which has room for 4Gi of local volumes.
class ClaimsTest : public testing::Test {
 protected:
  ClaimsTest() {
    spdlog::set_level(spdlog::level::off);
    put(kube::kStorageClasses, "", scheduler::storage_class_json("local", api::kLocalProvisioner));
    put(kube::kStorageClasses, "",
        scheduler::storage_class_json("static", "kubernetes.io/no-provisioner"));
    add_node("node-1");
    begin();
  }
  ~ClaimsTest() override { end(); }

  // ---- The shim
  void begin() {
    shim_.emplace(context_, scheduler::ShimOptions());
    loop_.run_for(2s);
  }
  // What is under way breaks off, as when its process is killed.
  void end() {
    server_.client_died(false);
    shim_.reset();
  }

  // ---- The server
  void put(kube::Resource resource, const std::string& namespace_, const Json& object) {
    const kube::ObjectRef ref{resource, namespace_, object["metadata"]["name"], ""};
    Json made = object;
    made["metadata"].erase("resourceVersion");
    ASSERT_EQ(server_.objects().create(ref, made).status, 201);
    if (object.contains("status"))
      patch({resource, namespace_, ref.name, "status"}, {{"status", object["status"]}});
  }
  void patch(const kube::ObjectRef& ref, const Json& patch) {
    ASSERT_EQ(server_.objects().merge_patch(ref, patch).status, 200);
  }
  void add_node(const std::string& name) {
    put(kube::kSandboxNodes, "",
        scheduler::node_json(
            name, {{"status", {{"allocatable", {{api::kLocalStorageResource, "4Gi"}}}}}}));
  }
  static kube::ObjectRef box_ref(const std::string& name = "box",
                                 std::string_view subresource = {}) {
    return {kube::kSandboxes, "default", name, subresource};
  }
  static kube::ObjectRef claim_ref(const std::string& name, std::string_view subresource = {}) {
    return {kube::kPersistentVolumeClaims, "default", name, subresource};
  }
  Json get(const kube::ObjectRef& ref) const {
    auto answer = server_.objects().get(ref);
    return answer.status == 200 ? std::move(answer.body) : Json();
  }
  Json claim(const std::string& name = "home-box") const { return get(claim_ref(name)); }
  Json box(const std::string& name = "box") const { return get(box_ref(name)); }
  std::string node_of(const std::string& name = "box") const {
    return box(name).value(Json::json_pointer("/status/nodeName"), "");
  }
  std::string selected(const std::string& name = "home-box") const {
    return claim(name).value(
        Json::json_pointer("/metadata/annotations/volume.kubernetes.io~1selected-node"), "");
  }
  bool is_protected(const std::string& name) const {
    const Json finalizers = claim(name)["metadata"].value("finalizers", Json::array());
    return std::find(finalizers.begin(), finalizers.end(), api::kClaimFinalizer) !=
           finalizers.end();
  }
  std::string why(const std::string& name = "box") const {
    for (const Json& one : box(name)["status"].value("conditions", Json::array())) {
      if (one["type"] == "PodScheduled") return one["message"];
    }
    return "";
  }

  // ---- What users and agents do
  void create(const Json& spec, const std::string& name = "box") {
    put(kube::kSandboxes, "default", {{"metadata", {{"name", name}}}, {"spec", spec}});
    loop_.run_for(2s);
  }
  static Json templated(const std::string& size = "1Gi") {
    const Json spec{{"storageClassName", "local"},
                    {"accessModes", {"ReadWriteOnce"}},
                    {"resources", {{"requests", {{"storage", size}}}}}};
    const Json home{{"metadata", {{"name", "home"}}}, {"spec", spec}};
    return {{"volumeClaimTemplates", Json::array({home})}};
  }
  static Json naming(const std::string& claim) {
    return {{"podTemplate", {{"spec", scheduler::using_claims({claim})}}}};
  }
  void put_claim(const std::string& name, const Json& change = Json::object()) {
    Json object = scheduler::claim_json(name);
    object["metadata"].erase("finalizers");
    object.merge_patch(change);
    put(kube::kPersistentVolumeClaims, "default", object);
    loop_.run_for(2s);
  }
  // Its agent takes it on, and later lets it go.
  void hold(const std::string& name = "box") {
    patch(box_ref(name), {{"metadata", {{"finalizers", {api::kNodeFinalizer}}}}});
    loop_.run_for(2s);
  }
  void let_go(const std::string& name = "box") {
    patch(box_ref(name), {{"metadata", {{"finalizers", nullptr}}}});
    loop_.run_for(2s);
  }
  void remove(const kube::ObjectRef& ref) {
    server_.objects().remove(ref);
    loop_.run_for(2s);
  }
  // What kube-controller-manager does once there is a volume.
  void bind(const std::string& name, const std::string& volume) {
    patch(claim_ref(name),
          {{"metadata", {{"annotations", {{"pv.kubernetes.io/bind-completed", "yes"}}}}},
           {"spec", {{"volumeName", volume}}}});
    patch(claim_ref(name, "status"), {{"status", {{"phase", "Bound"}}}});
    loop_.run_for(2s);
  }
  size_t writes() const {
    return static_cast<size_t>(
        std::count_if(server_.requests().begin(), server_.requests().end(),
                      [](const auto& request) { return request.method != "GET"; }));
  }

  ManualLoop loop_;
  kube::FakeApiServer server_{loop_.clock()};
  kube::Client client_{server_, loop_.clock()};
  kube::EventRecorder events_{loop_.io(), loop_.clock(), client_, "sandboxlet.io/shim", "shim-1"};
  const scheduler::ControllerContext context_{loop_.io(), loop_.clock(), client_, server_, events_};
  std::optional<scheduler::Shim> shim_;
};

// ---- Made, bound and given back

TEST_F(ClaimsTest, AClaimIsMadeWithItsNodeAndItsSandboxBoundAtOnce) {
  server_.clear_requests();
  put(kube::kSandboxes, "default", {{"metadata", {{"name", "box"}}}, {"spec", templated()}});
  loop_.run_for(100ms);
  EXPECT_EQ(claim()["metadata"]["ownerReferences"][0]["uid"], box()["metadata"]["uid"]);
  EXPECT_TRUE(is_protected("home-box"));
  EXPECT_EQ(node_of(), "node-1");
  EXPECT_EQ(selected(), "node-1");
  EXPECT_EQ(claim()["metadata"]["labels"]["sandboxlet.io/node"], "node-1");
  // The claim and the binding; the Event follows.
  EXPECT_EQ(writes(), 2U);
  EXPECT_EQ(why(), "");
}

TEST_F(ClaimsTest, EachOfSeveralClaimsIsMadeWithTheSameNode) {
  add_node("node-2");
  Json spec = templated();
  spec["volumeClaimTemplates"].push_back(spec["volumeClaimTemplates"][0]);
  spec["volumeClaimTemplates"][1]["metadata"]["name"] = "cache";
  server_.clear_requests();
  create(spec);
  EXPECT_NE(node_of(), "");
  EXPECT_EQ(selected(), node_of());
  EXPECT_EQ(selected("cache-box"), node_of());
  EXPECT_EQ(writes(), 4U);
}

TEST_F(ClaimsTest, AClaimWithoutANodeIsMadeAndHasItOnceThereIsOne) {
  remove({kube::kSandboxNodes, "", "node-1", ""});
  create(templated());
  EXPECT_FALSE(claim().is_null());
  EXPECT_EQ(selected(), "");
  add_node("node-2");
  loop_.run_for(12s);
  EXPECT_EQ(node_of(), "node-2");
  EXPECT_EQ(selected(), "node-2");
}

TEST_F(ClaimsTest, AClaimThatCannotBeMadeTakesNoRoom) {
  server_.fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    const bool is_big = request.body.find("home-big") != std::string::npos;
    if (request.method == "POST" && is_big) fault.refusal = kube::refuse(403, "Forbidden", "no");
    return fault;
  };
  create(templated("4Gi"), "big");
  create(templated("4Gi"));
  EXPECT_EQ(node_of("big"), "");
  EXPECT_EQ(node_of(), "node-1");
}

TEST_F(ClaimsTest, OneThatGoesBeforeItsClaimIsMadeLeavesItsRoomToTheNext) {
  server_.fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.body.find("home-brief") != std::string::npos) fault.delay = 1min;
    return fault;
  };
  create(templated("4Gi"), "brief");
  create(templated("4Gi"));
  EXPECT_EQ(node_of(), "");
  remove(box_ref("brief"));
  EXPECT_EQ(node_of(), "node-1");
}

TEST_F(ClaimsTest, OfASandboxWithoutClaimsNothingMoreIsWritten) {
  server_.clear_requests();
  create(Json::object());
  EXPECT_EQ(node_of(), "node-1");
  EXPECT_EQ(writes(), 2U);
}

TEST_F(ClaimsTest, OneThatIsSuspendedFromTheFirstHasItsClaimAndNoNode) {
  Json spec = templated();
  spec["operatingMode"] = "Suspended";
  create(spec);
  EXPECT_FALSE(claim().is_null());
  EXPECT_EQ(selected(), "");
}

TEST_F(ClaimsTest, AClaimThatSomebodyDeletesStaysUntilItsSandboxGoes) {
  create(templated());
  hold();
  remove(claim_ref("home-box"));
  EXPECT_FALSE(claim().is_null());
  remove(box_ref());
  EXPECT_FALSE(claim().is_null());
  let_go();
  EXPECT_TRUE(box().is_null());
  EXPECT_TRUE(claim().is_null());
}

TEST_F(ClaimsTest, WhatIsDeletedInTheForegroundLetsItsClaimsGoFirst) {
  create(templated());
  patch(box_ref(), {{"metadata", {{"finalizers", {api::kNodeFinalizer, "foregroundDeletion"}}}}});
  server_.objects().remove(box_ref());
  // The garbage collector deletes what blocks, and waits for it.
  remove(claim_ref("home-box"));
  EXPECT_FALSE(claim().is_null());
  patch(box_ref(), {{"metadata", {{"finalizers", {"foregroundDeletion"}}}}});
  loop_.run_for(2s);
  EXPECT_TRUE(claim().is_null());
  EXPECT_FALSE(box().is_null());
}

TEST_F(ClaimsTest, OneThatIsDeletedUnderASandboxOnNoNodeHoldsItBackAndIsMadeAnew) {
  Json spec = templated();
  spec["operatingMode"] = "Suspended";
  create(spec);
  const Json first = claim()["metadata"]["uid"];
  remove(claim_ref("home-box"));
  patch(box_ref(), {{"spec", {{"operatingMode", "Running"}}}});
  loop_.run_for(2s);
  EXPECT_THAT(why(), HasSubstr("persistentvolumeclaim \"home-box\" is being deleted"));
  EXPECT_EQ(node_of(), "");
  // Nothing of it is anywhere: its user takes the finalizer off.
  patch(claim_ref("home-box"), {{"metadata", {{"finalizers", nullptr}}}});
  loop_.run_for(12s);
  EXPECT_NE(claim()["metadata"]["uid"], first);
  EXPECT_EQ(node_of(), "node-1");
}

// ---- Whose it is

TEST_F(ClaimsTest, AClaimWithItsLabelIsAdopted) {
  put_claim("home-box", {{"metadata", {{"labels", {{"agents.x-k8s.io/adoptable", "true"}}}}}});
  const Json before = claim();
  create(templated());
  EXPECT_EQ(claim()["metadata"]["uid"], before["metadata"]["uid"]);
  EXPECT_EQ(claim()["metadata"]["ownerReferences"][0]["uid"], box()["metadata"]["uid"]);
  EXPECT_EQ(claim()["spec"], before["spec"]);
  EXPECT_TRUE(is_protected("home-box"));
  EXPECT_EQ(node_of(), "node-1");
}

TEST_F(ClaimsTest, AForeignClaimIsLeftAloneAndToldOf) {
  put_claim("home-box");
  const Json before = claim();
  create(templated());
  loop_.run_for(5min);
  EXPECT_EQ(claim(), before);
  EXPECT_EQ(node_of(), "");
  EXPECT_THAT(why(), HasSubstr("persistentvolumeclaim \"home-box\" exists"));
  remove(claim_ref("home-box"));
  loop_.run_for(12s);
  EXPECT_EQ(node_of(), "node-1");
  EXPECT_EQ(claim()["metadata"]["ownerReferences"][0]["uid"], box()["metadata"]["uid"]);
}

TEST_F(ClaimsTest, AClaimThatIsRefusedIsToldOfAndTriedAgain) {
  server_.fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.method == "POST" && request.path.ends_with("persistentvolumeclaims")) {
      fault.refusal = kube::refuse(403, "Forbidden", "exceeded quota");
    }
    return fault;
  };
  create(templated());
  EXPECT_THAT(why(), HasSubstr("persistentvolumeclaim \"home-box\" cannot be made: "));
  EXPECT_THAT(why(), HasSubstr("exceeded quota"));
  server_.fault = nullptr;
  loop_.run_for(1min);
  EXPECT_EQ(node_of(), "node-1");
}

TEST_F(ClaimsTest, OneThatIsNamedIsProtectedBeforeItsSandboxIsBound) {
  put_claim("data");
  server_.fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    const bool is_protection = request.body.find(api::kClaimFinalizer) != std::string::npos;
    fault.lost_before = request.method == "PATCH" && is_protection;
    return fault;
  };
  create(naming("data"));
  EXPECT_EQ(node_of(), "");
  server_.fault = nullptr;
  loop_.run_for(30s);
  EXPECT_TRUE(is_protected("data"));
  EXPECT_EQ(node_of(), "node-1");
  EXPECT_EQ(selected("data"), "node-1");
  EXPECT_FALSE(claim("data")["metadata"].contains("ownerReferences"));
}

TEST_F(ClaimsTest, TwoThatNameAClaimShareItsProtection) {
  put_claim("data");
  create(naming("data"), "one");
  create(naming("data"), "two");
  remove(box_ref("one"));
  EXPECT_TRUE(is_protected("data"));
  remove(box_ref("two"));
  EXPECT_FALSE(is_protected("data"));
  EXPECT_FALSE(claim("data").is_null());
}

TEST_F(ClaimsTest, AClaimThatIsNotThereIsWaitedFor) {
  create(naming("data"));
  EXPECT_THAT(why(), HasSubstr("persistentvolumeclaim \"data\" not found"));
  put_claim("data");
  EXPECT_EQ(node_of(), "node-1");
}

// ---- Volumes

TEST_F(ClaimsTest, AVolumeThatIsThereIsBoundByItsClaimRef) {
  put(kube::kPersistentVolumes, "", scheduler::volume_json("large", "5Gi", {"node-1"}));
  put(kube::kPersistentVolumes, "", scheduler::volume_json("small", "1Gi", {"node-1"}));
  put_claim("data", {{"spec", {{"storageClassName", "static"}}}});
  create(naming("data"));
  EXPECT_EQ(node_of(), "node-1");
  const Json small = get({kube::kPersistentVolumes, "", "small", ""});
  EXPECT_EQ(small["spec"]["claimRef"]["uid"], claim("data")["metadata"]["uid"]);
  EXPECT_EQ(small["metadata"]["annotations"]["pv.kubernetes.io/bound-by-controller"], "yes");
  EXPECT_EQ(selected("data"), "");
  EXPECT_FALSE(get({kube::kPersistentVolumes, "", "large", ""})["spec"].contains("claimRef"));
}

TEST_F(ClaimsTest, WhatIsBoundIsWrittenNoMore) {
  create(templated());
  bind("home-box", "pvc-1");
  server_.clear_requests();
  loop_.run_for(5min);
  EXPECT_THAT(writes(), 0U);
}

TEST_F(ClaimsTest, ANodeThatAProvisionerTakesBackIsGivenAgainNotAtOnce) {
  create(templated());
  const Json none{{"volume.kubernetes.io/selected-node", nullptr}};
  patch(claim_ref("home-box"), {{"metadata", {{"annotations", none}}}});
  loop_.run_for(5s);
  EXPECT_EQ(selected(), "");
  loop_.run_for(6s);
  EXPECT_EQ(selected(), "node-1");
}

TEST_F(ClaimsTest, AnotherNodeIsSelectedWhereTheFirstIsGoneBeforeItMadeAnything) {
  create(templated());
  EXPECT_EQ(selected(), "node-1");
  remove({kube::kSandboxNodes, "", "node-1", ""});
  add_node("node-2");
  patch(box_ref("box", "status"), {{"status", {{"nodeName", nullptr}}}});
  loop_.run_for(30s);
  EXPECT_EQ(node_of(), "node-2");
  EXPECT_EQ(selected(), "node-2");
  EXPECT_EQ(claim()["metadata"]["labels"]["sandboxlet.io/node"], "node-2");
}

TEST_F(ClaimsTest, RoomIsNeverPromisedTwice) {
  for (int i = 0; i < 6; ++i) {
    const std::string name = "box-" + std::to_string(i);
    put(kube::kSandboxes, "default", {{"metadata", {{"name", name}}}, {"spec", templated()}});
  }
  loop_.run_for(10s);
  int bound = 0;
  for (int i = 0; i < 6; ++i) bound += node_of("box-" + std::to_string(i)).empty() ? 0 : 1;
  EXPECT_EQ(bound, 4);
  end();
  begin();
  loop_.run_for(1min);
  bound = 0;
  for (int i = 0; i < 6; ++i) bound += node_of("box-" + std::to_string(i)).empty() ? 0 : 1;
  EXPECT_EQ(bound, 4);
  add_node("node-2");
  loop_.run_for(15s);
  for (int i = 0; i < 6; ++i) EXPECT_NE(node_of("box-" + std::to_string(i)), "");
}

TEST_F(ClaimsTest, AClaimForOnePodAloneIsNotTakenFromAPod) {
  put_claim("data", {{"spec", {{"accessModes", {"ReadWriteOncePod"}}}}});
  Json pod{{"metadata", {{"name", "rival"}}}, {"spec", scheduler::using_claims({"data"})}};
  pod["spec"]["nodeName"] = "elsewhere";
  put({"", "v1", "pods"}, "default", pod);
  create(naming("data"), "box");
  EXPECT_EQ(node_of(), "");
  EXPECT_EQ(why(),
            "0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with the "
            "same name and ReadWriteOncePod access mode.");
  server_.objects().remove({{"", "v1", "pods"}, "default", "rival", ""});
  loop_.run_for(12s);
  EXPECT_EQ(node_of(), "node-1");
  create(naming("data"), "other");
  EXPECT_THAT(why("other"), HasSubstr("ReadWriteOncePod access mode"));
  remove(box_ref());
  loop_.run_for(2s);
  EXPECT_EQ(node_of("other"), "node-1");
}

// ---- Bad days

TEST_F(ClaimsTest, WhatWasDoneThoughItsAnswerWasLostIsItsOwn) {
  int lost = 0;
  server_.fault = [&](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    fault.lost_after = request.method == "POST" && lost++ == 0;
    return fault;
  };
  create(templated());
  EXPECT_EQ(node_of(), "node-1");
  EXPECT_EQ(selected(), "node-1");
}

TEST_F(ClaimsTest, WhatChangedWhileNobodyLookedIsMadeGood) {
  put_claim("data");
  create(naming("data"), "one");
  create(templated(), "box");
  end();
  server_.objects().remove(box_ref("one"));
  patch(claim_ref("home-box"),
        {{"metadata",
          {{"finalizers", nullptr},
           {"annotations", {{"volume.kubernetes.io/selected-node", nullptr}}}}}});
  begin();
  EXPECT_FALSE(is_protected("data"));
  EXPECT_TRUE(is_protected("home-box"));
  EXPECT_EQ(selected(), "node-1");
}

TEST_F(ClaimsTest, AVersionThatSomebodyElseWroteIsNotWrittenOver) {
  int conflicts = 0;
  server_.fault = [&](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    const bool is_selection = request.body.find("selected-node") != std::string::npos;
    if (is_selection && conflicts++ == 0) {
      fault.delay = 100ms;
      const Json theirs{{"metadata", {{"annotations", {{"whose", "theirs"}}}}}};
      server_.objects().merge_patch(claim_ref("data"), theirs);
    }
    return fault;
  };
  put_claim("data");
  create(naming("data"));
  EXPECT_EQ(conflicts, 2);
  EXPECT_EQ(selected("data"), "node-1");
  EXPECT_EQ(claim("data")["metadata"]["annotations"]["whose"], "theirs");
}

TEST_F(ClaimsTest, ALostWatchLosesNothing) {
  server_.drop_watches();
  create(templated());
  loop_.run_for(1min);
  EXPECT_EQ(node_of(), "node-1");
  EXPECT_EQ(selected(), "node-1");
}

}  // namespace
}  // namespace sandboxlet::storage
