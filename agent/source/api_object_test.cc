#include "agent/source/api_object.h"

#include <gmock/gmock.h>

#include "api/conditions.h"
#include "api/json.h"

namespace sandboxlet::agent {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using Json = nlohmann::json;

Json object(const Json& pod = Json::object()) {
  Json made{{"apiVersion", "agents.x-k8s.io/v1beta1"},
            {"kind", "Sandbox"},
            {"metadata",
             {{"name", "box"},
              {"namespace", "default"},
              {"uid", "u-1"},
              {"generation", 3},
              {"resourceVersion", "7"}}}};
  made["spec"]["podTemplate"]["spec"] = {{"containers", {{{"name", "c"}, {"image", "i"}}}}};
  made["spec"]["podTemplate"]["spec"].merge_patch(pod);
  return made;
}

api::Condition condition(const char* type, const char* status) {
  api::Condition made;
  made.type = type;
  made.status = status;
  made.reason = "Reason";
  made.lastTransitionTime = "2026-01-01T00:00:00Z";
  return made;
}

Json as_json(const api::SandboxStatus& status) { return api::write_status(status); }

// ---- Reading

TEST(ApiObject, IsReadWithItsDefaultsAndItsStatusAsItStands) {
  Json box = object();
  box["metadata"]["finalizers"] = {"x.io/other", api::kNodeFinalizer};
  box["status"] = {{"nodeName", "node-1"}, {"selector", "a=b"}};
  const ApiObject read = read_api_object(box);
  EXPECT_THAT(read.findings, IsEmpty());
  EXPECT_EQ(read.sandbox.spec.operatingMode, "Running");
  EXPECT_EQ(read.sandbox.status.nodeName, "node-1");
  EXPECT_EQ(read.status, box["status"]);
  EXPECT_TRUE(read.has_finalizer);
  EXPECT_FALSE(read_api_object(object()).has_finalizer);
}

TEST(ApiObject, WhereItMayRunIsNotLookedAt) {
  const Json pod{{"nodeSelector", {{"disk", "ssd"}}},
                 {"affinity", {{"nodeAffinity", Json::object()}}},
                 {"tolerations", {{{"operator", "Exists"}}}},
                 {"priority", 7},
                 {"schedulerName", "mine"},
                 {"topologySpreadConstraints", Json::array({Json::object()})}};
  EXPECT_THAT(read_api_object(object(pod)).findings, IsEmpty());
}

TEST(ApiObject, WhatIsToBeBehindAClaimIsNotLookedAt) {
  Json box = object();
  Json claim = Json::parse(R"({"metadata": {"name": "data"}, "spec": {
      "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
      "dataSource": {"kind": "VolumeSnapshot", "name": "s"}, "selector": {"matchLabels": {"a": "b"}},
      "dataSourceRef": {"kind": "VolumeSnapshot", "name": "s"}, "volumeName": "v",
      "volumeAttributesClassName": "gold"}})");
  box["spec"]["volumeClaimTemplates"] = {claim};
  EXPECT_THAT(read_api_object(box).findings, IsEmpty());
  box["spec"]["volumeClaimTemplates"][0]["spec"]["other"] = "x";
  EXPECT_THAT(read_api_object(box).findings, SizeIs(1));
}

TEST(ApiObject, TheServersGraceIsNone) {
  Json box = object();
  box["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  box["metadata"]["deletionGracePeriodSeconds"] = 0;
  const auto meta = read_api_object(box).sandbox.metadata;
  EXPECT_EQ(meta.deletionTimestamp, "2026-01-01T00:00:00Z");
  EXPECT_EQ(meta.deletionGracePeriodSeconds, std::nullopt);
}

TEST(ApiObject, WhatCannotBeRunIsAFindingAndItsMetadataIsRead) {
  const ApiObject read = read_api_object(object({{"hostPID", true}, {"unheardOf", 1}}));
  EXPECT_THAT(read.findings, Not(IsEmpty()));
  EXPECT_EQ(read.sandbox.metadata.uid, "u-1");
  EXPECT_EQ(read.sandbox.metadata.generation, 3);
}

// ---- Patches

TEST(MergeDiff, MakesOneOfTheOther) {
  const std::pair<Json, Json> pairs[] = {
      {{{"a", 1}}, {{"a", 2}}},
      {{{"a", 1}}, Json::object()},
      {{{"a", {{"b", 1}, {"c", 2}}}}, {{"a", {{"b", 1}, {"c", 3}}}, {"d", 4}}},
      {{{"a", {1, 2}}}, {{"a", {2}}}},
      {{{"a", 1}}, {{"a", {{"b", 2}}}}},
  };
  for (const auto& [from, to] : pairs) {
    Json patched = from;
    patched.merge_patch(merge_diff(from, to));
    EXPECT_EQ(patched, to) << from;
    EXPECT_TRUE(merge_diff(to, to).is_null());
  }
}

TEST(StatusPatch, SaysOnlyWhatHasChanged) {
  api::SandboxStatus wanted;
  wanted.podIPs = {"10.0.0.1"};
  wanted.conditions = {condition("Ready", "True")};
  Json seen = as_json(wanted);
  EXPECT_TRUE(status_patch(seen, wanted).is_null());
  wanted.podIPs = {"10.0.0.2"};
  EXPECT_EQ(status_patch(seen, wanted), Json({{"podIPs", {"10.0.0.2"}}}));
  wanted.podIPs.clear();
  EXPECT_EQ(status_patch(seen, wanted), Json({{"podIPs", nullptr}}));
}

TEST(StatusPatch, LeavesAloneWhatOthersSay) {
  api::SandboxStatus wanted;
  wanted.nodeName = "node-1";
  wanted.conditions = {condition("Ready", "True")};
  const Json seen{{"nodeName", "node-2"},
                  {"selector", "a=b"},
                  {"serviceFQDN", "box.default"},
                  {"networking", {{"url", "http://box"}}}};
  Json patched = seen;
  patched.merge_patch(status_patch(seen, wanted));
  for (const char* field : {"nodeName", "selector", "serviceFQDN", "networking"}) {
    EXPECT_EQ(patched[field], seen[field]);
  }
}

TEST(StatusPatch, KeepsTheConditionsOfOthersAndDropsItsOwn) {
  api::SandboxStatus wanted;
  wanted.conditions = {condition("Ready", "True")};
  api::SandboxStatus before;
  before.conditions = {condition("Approved", "True"), condition("Ready", "False"),
                       condition("Finished", "True"), condition("Warmed", "False")};
  const Json patch = status_patch(as_json(before), wanted);
  std::vector<std::string> types;
  for (const Json& one : patch["conditions"]) {
    types.push_back(one["type"].get<std::string>() + " " + one["status"].get<std::string>());
  }
  EXPECT_THAT(types, testing::ElementsAre("Ready True", "Approved True", "Warmed False"));
  // In whatever order these came to stand, it is said once.
  Json after = as_json(before);
  after.merge_patch(patch);
  EXPECT_TRUE(status_patch(after, wanted).is_null());
}

TEST(SuspensionPatch, GoesBetweenAnyTwo) {
  api::SandboxSpec running;
  running.operatingMode = "Running";
  api::SandboxSpec frozen = running;
  frozen.operatingMode = "Suspended";
  frozen.suspend.emplace().depth = "Freeze";
  api::SandboxSpec paused = running;
  paused.pause = true;
  EXPECT_TRUE(suspension_patch(frozen, frozen).is_null());
  EXPECT_EQ(suspension_patch(running, frozen),
            Json({{"operatingMode", "Suspended"}, {"suspend", {{"depth", "Freeze"}}}}));
  for (const auto& from : {running, frozen, paused}) {
    for (const auto& to : {running, frozen, paused}) {
      api::SandboxSpec spec = from;
      const Json patch = suspension_patch(from, to);
      if (!patch.is_null()) apply_suspension(patch, spec);
      EXPECT_EQ(spec.operatingMode, to.operatingMode);
      EXPECT_EQ(spec.pause.value_or(false), to.pause.value_or(false));
      EXPECT_EQ(api::wanted_depth(spec) == api::Depth::kRunning,
                api::wanted_depth(to) == api::Depth::kRunning);
    }
  }
}

// ---- Refusing

TEST(RefusalStatus, NamesEachField) {
  const ApiObject read = read_api_object(object({{"unheardOf", 1}, {"neither", 2}}));
  ASSERT_THAT(read.findings, SizeIs(2));
  const auto status = refusal_status(read, "2026-01-02T00:00:00Z");
  const auto* const ready = api::find_condition(status.conditions, "Ready");
  ASSERT_NE(ready, nullptr);
  EXPECT_EQ(ready->status, "False");
  EXPECT_EQ(ready->reason, "UnsupportedField");
  EXPECT_EQ(ready->observedGeneration, 3);
  EXPECT_THAT(ready->message, HasSubstr("spec.podTemplate.spec.unheardOf: "));
  EXPECT_THAT(ready->message, HasSubstr("spec.podTemplate.spec.neither: "));
}

TEST(RefusalStatus, OfVeryManyFieldsTellsHowManyMore) {
  const std::vector<api::Finding> findings(api::kMaxFindings, {"spec", std::string(100, 'x')});
  const std::string refusal = refusal_of(findings);
  EXPECT_THAT(refusal, StartsWith("spec: xxx"));
  EXPECT_THAT(refusal, EndsWith(" more)"));
  EXPECT_LT(refusal.size(), 4200U);
}

TEST(RefusalStatus, IsTheSameTheNextTime) {
  Json box = object({{"unheardOf", 1}});
  const auto first = refusal_status(read_api_object(box), "2026-01-02T00:00:00Z");
  box["status"] = as_json(first);
  const ApiObject again = read_api_object(box);
  const auto second = refusal_status(again, "2026-01-03T00:00:00Z");
  EXPECT_TRUE(status_patch(again.status, second).is_null());
}

}  // namespace
}  // namespace sandboxlet::agent
