#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "tests/kube/manifests_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kSpaces = "/api/v1/namespaces";

// Bounds and defaults of one namespace, and pods that it is to take or to refuse.
struct Case {
  const char* limits;
  std::vector<const char*> pods;
};

const std::vector<Case> kCases{
    {R"([{"type": "Container", "min": {"cpu": "100m", "memory": "64Mi"},
          "max": {"cpu": "1", "memory": "1Gi"}}])",
     {R"({"containers": [{}]})", R"({"containers": [{"resources": {"requests": {"cpu": "50m"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "50m"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": 1, "memory": "64Mi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": 2, "memory": "32Mi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1500m"}}}]})",
      R"({"containers": [{"resources": {"requests": {"memory": "2Gi"},
                                        "limits": {"memory": "3Gi"}}}]})",
      R"({"containers": [{}, {"resources": {"limits": {"memory": "2Gi"}}}]})",
      R"({"containers": [{}], "initContainers": [{"resources": {"limits": {"cpu": "4"}}}]})"}},
    {R"([{"type": "Container", "default": {"cpu": "500m", "memory": "256Mi"},
          "defaultRequest": {"cpu": "100m"}, "maxLimitRequestRatio": {"cpu": "4"}}])",
     {R"({"containers": [{}]})",
      R"({"containers": [{"resources": {"requests": {"cpu": "200m"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "300m"}}}]})",
      R"({"containers": [{"resources": {"requests": {"cpu": "150m", "memory": "1Mi"},
                                        "limits": {"cpu": "600m"}}}]})",
      R"({"containers": [{"resources": {"requests": {"cpu": "0"}, "limits": {"cpu": "1"}}}]})",
      R"({"containers": [{"resources": {"requests": {"ephemeral-storage": "1Gi"}}}],
          "initContainers": [{}]})"}},
    {R"([{"type": "Pod", "min": {"cpu": "200m"}, "max": {"cpu": "2", "memory": "1Gi"},
          "maxLimitRequestRatio": {"memory": "2"}}])",
     {R"({"containers": [{}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}},
                         {"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}},
                         {"resources": {"limits": {"cpu": "1100m", "memory": "512Mi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}, {}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}},
                         {"resources": {"limits": {"memory": "513Mi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "100m", "memory": "512Mi"}}}]})",
      R"({"containers": [{"resources": {"requests": {"cpu": "300m", "memory": "100Mi"},
                                        "limits": {"cpu": "1", "memory": "201Mi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}],
          "initContainers": [{"resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}],
          "initContainers": [{"resources": {"limits": {"cpu": "3", "memory": "1Gi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}],
          "initContainers": [
            {"restartPolicy": "Always", "resources": {"limits": {"cpu": "1", "memory": "1Mi"}}},
            {"resources": {"limits": {"cpu": "1", "memory": "1Mi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}],
          "initContainers": [
            {"restartPolicy": "Always", "resources": {"limits": {"cpu": "1", "memory": "1Mi"}}},
            {"resources": {"limits": {"cpu": "1100m", "memory": "1Mi"}}}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}],
          "initContainers": [
            {"resources": {"limits": {"cpu": "2", "memory": "1Mi"}}},
            {"restartPolicy": "Always", "resources": {"limits": {"cpu": "1", "memory": "1Mi"}}}]})"}},
    {R"([{"type": "Container", "default": {"cpu": "2"}, "max": {"cpu": "3"}},
         {"type": "Pod", "max": {"cpu": "4"}}])",
     {R"({"containers": [{}]})", R"({"containers": [{}, {}]})", R"({"containers": [{}, {}, {}]})",
      R"({"containers": [{"resources": {"limits": {"cpu": "3500m"}}}, {}]})"}},
    {R"([{"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}])",
     {R"({"containers": [{}]})"}},
};

// Pods and Sandboxes in namespaces with LimitRanges, beside all that ships.
class LimitRangeTest : public ManifestsTest {
 protected:
  static void make_namespace(const std::string& name) {
    ask("POST", kSpaces, json{{"metadata", {{"name", name}}}}.dump());
    const std::string account = kSpaces + "/" + name + "/serviceaccounts/default";
    ASSERT_TRUE(eventually([&] { return api().request("GET", account).has_value(); }));
  }
  static void limit(const std::string& space, const json& limits,
                    const std::string& name = "limits") {
    const json object = {{"metadata", {{"name", name}}}, {"spec", {{"limits", limits}}}};
    ask("POST", kSpaces + "/" + space + "/limitranges", object.dump());
  }
  // What each part of the server goes by is a cache, which is behind for a moment. Answers when
  // this one is known, and with it all that were made before.
  static void wait_until_known(const std::string& space) {
    limit(space, json::parse(R"([{"type": "Pod", "min": {"example.com/none": 1}}])"), "known");
    const json one = {{"containers", json::array({json::object()})}};
    const auto speaks = [&] {
      return pod(space, one).find("example.com") != std::string::npos &&
             sandbox(space, one).find("example.com") != std::string::npos;
    };
    ASSERT_TRUE(eventually(speaks)) << pod(space, one) << sandbox(space, one);
    ask("DELETE", kSpaces + "/" + space + "/limitranges/known");
    ASSERT_TRUE(eventually([&] { return !speaks(); }));
  }

  // With names and images.
  static json complete(json pod) {
    int count = 0;
    for (const char* list : {"containers", "initContainers"}) {
      if (!pod.contains(list)) continue;
      for (json& container : pod[list]) {
        container["name"] = "c" + std::to_string(count++);
        container["image"] = "busybox";
      }
    }
    return pod;
  }
  // What the server makes of it, or why it takes it not.
  static std::string answer(const std::string& path, const json& object) {
    auto taken = api().request("POST", path + "?dryRun=All", object.dump());
    return taken ? *taken : taken.error().message();
  }
  static std::string pod(const std::string& space, const json& spec) {
    return answer(kSpaces + "/" + space + "/pods",
                  {{"metadata", {{"name", "one"}}}, {"spec", complete(spec)}});
  }
  static std::string sandboxes(const std::string& space) {
    return "/apis/agents.x-k8s.io/v1beta1/namespaces/" + space + "/sandboxes";
  }
  static json object(const json& spec) {
    return {{"apiVersion", "agents.x-k8s.io/v1beta1"},
            {"kind", "Sandbox"},
            {"metadata", {{"name", "one"}}},
            {"spec", {{"podTemplate", {{"spec", complete(spec)}}}}}};
  }
  static std::string sandbox(const std::string& space, const json& spec) {
    return answer(sandboxes(space), object(spec));
  }

  // Each container's resources in effect; none of what was refused.
  static json resources(const json& spec) {
    json all = json::object();
    for (const char* list : {"containers", "initContainers"}) {
      if (!spec.contains(list)) continue;
      for (const json& container : spec[list]) {
        json resources = container.value("resources", json::object());
        const json limits = resources.value("limits", json::object());
        for (const auto& [name, limit] : limits.items()) {
          if (resources["requests"][name].is_null()) resources["requests"][name] = limit;
        }
        // The server writes numbers as it reads them.
        for (const char* kind : {"limits", "requests"}) {
          for (json& amount : resources[kind]) {
            if (amount.is_number()) amount = amount.dump();
          }
        }
        all[container["name"]] = resources;
      }
    }
    return all;
  }
  // All that upstream says is wrong; of a sum it prints another unit.
  static std::set<std::string> reasons(const std::string& answer) {
    static const std::regex reason(
        R"((minimum|maximum) \S+ usage per (Container is \S+(  No \w+ is specified|, but \w+ is \w+)|)"
        R"(Pod is \w+(\.  No \w+ is specified|, but \w+))|\S+ max limit to request ratio per \w+ is )"
        R"(\w+, but (no \w+ is specified or \w+ is 0|provided ratio is [0-9.]+))");
    std::set<std::string> all;
    for (std::sregex_iterator found(answer.begin(), answer.end(), reason), end; found != end;
         ++found) {
      all.insert(found->str());
    }
    return all;
  }
  static bool is_refused(const std::string& answer) {
    return answer.find("is forbidden") != std::string::npos;
  }
  static json outcome(const std::string& answer, const char* place) {
    if (is_refused(answer)) return reasons(answer);
    return resources(json::parse(answer)[json::json_pointer(place)]);
  }
  static void expect_same(const std::string& space, const json& spec) {
    std::string of_pod, of_sandbox;
    EXPECT_TRUE(eventually(
        [&] {
          of_pod = pod(space, spec);
          of_sandbox = sandbox(space, spec);
          return outcome(of_sandbox, "/spec/podTemplate/spec") == outcome(of_pod, "/spec");
        },
        std::chrono::seconds(5)))
        << spec << "\n"
        << of_pod << "\n"
        << of_sandbox;
    // Each word of a refusal is understood.
    EXPECT_TRUE(!is_refused(of_pod) || !reasons(of_pod).empty()) << of_pod;
  }
};

TEST_F(LimitRangeTest, ASandboxHasAndMayHaveWhatItsPodWould) {
  int number = 0;
  for (const auto& [limits, pods] : kCases) {
    const std::string space = "limited-" + std::to_string(number++);
    make_namespace(space);
    limit(space, json::parse(limits));
    wait_until_known(space);
    for (const char* spec : pods) expect_same(space, json::parse(spec));
  }
}

TEST_F(LimitRangeTest, AllOfANamespaceHold) {
  make_namespace("twice");
  limit("twice", json::parse(R"([{"type": "Container", "default": {"cpu": "1"}}])"), "first");
  limit("twice", json::parse(R"([{"type": "Container", "default": {"memory": "1Gi"}}])"), "second");
  limit("twice", json::parse(R"([{"type": "Pod", "max": {"cpu": "1", "memory": "1Gi"}}])"),
        "third");
  wait_until_known("twice");
  expect_same("twice", json::parse(R"({"containers": [{}]})"));
  expect_same("twice", json::parse(R"({"containers": [{}, {}]})"));
}

TEST_F(LimitRangeTest, WhatIsThereAlreadyIsNotTouched) {
  make_namespace("tightened-limits");
  const json plain = json::parse(R"({"containers": [{}]})");
  const std::string path = sandboxes("tightened-limits");
  ask("POST", path, object(plain).dump());
  limit("tightened-limits", json::parse(R"([{"type": "Container", "default": {"cpu": "1"},
                                             "min": {"memory": "64Mi"}}])"));
  wait_until_known("tightened-limits");
  const auto change = [&](const json& spec) {
    const auto taken = api().request("PATCH", path + "/one", json{{"spec", spec}}.dump(),
                                     "application/merge-patch+json");
    return taken ? *taken : taken.error().message();
  };
  const std::string suspended = change({{"operatingMode", "Suspended"}});
  ASSERT_FALSE(is_refused(suspended)) << suspended;
  EXPECT_EQ(
      json::parse(suspended)["spec"]["podTemplate"]["spec"]["containers"][0].count("resources"),
      0U);
  // A changed pod is a new one. What has a least has that for its default.
  const std::string changed = change({{"podTemplate", {{"spec", {{"hostname", "other"}}}}}});
  ASSERT_FALSE(is_refused(changed)) << changed;
  EXPECT_EQ(json::parse(changed)["spec"]["podTemplate"]["spec"]["containers"][0]["resources"],
            json::parse(R"({"limits": {"cpu": "1"}, "requests": {"cpu": "1", "memory": "64Mi"}})"));
  json small = complete(plain);
  small["containers"][0]["resources"]["requests"]["memory"] = "1Mi";
  EXPECT_THAT(change({{"podTemplate", {{"spec", small}}}}),
              HasSubstr("minimum memory usage per Container is 64Mi, but request is 1Mi"));
}

}  // namespace
}  // namespace sandboxlet::test
