#include "scheduler-shim/requests.h"

#include <gtest/gtest.h>

#include "scheduler-shim/read_pod_info.h"
#include "scheduler-shim/testing/objects.h"

namespace sandboxlet::scheduler {
namespace {

PodTemplateInfo read(std::string_view pod_spec, const Classes& classes = {}) {
  JsonReader reader;
  PodTemplateInfo info = read_pod_spec(reader, json(pod_spec), classes);
  EXPECT_FALSE(reader.error()) << reader.error()->message();
  return info;
}

struct Case {
  const char* what;
  const char* pod_spec;
  int64_t milli_cpu;
};

TEST(Requests, AreTheMostThatRunsAtOnce) {
  for (const auto& [what, pod_spec, milli_cpu] : std::initializer_list<Case>{
           {"containers add up",
            R"({"containers": [{"resources": {"requests": {"cpu": "100m"}}},
                               {"resources": {"requests": {"cpu": "200m"}}}]})",
            300},
           {"an init container runs alone",
            R"({"initContainers": [{"resources": {"requests": {"cpu": "500m"}}},
                                   {"resources": {"requests": {"cpu": "400m"}}}],
                "containers": [{"resources": {"requests": {"cpu": "100m"}}}]})",
            500},
           {"a small one does not count",
            R"({"initContainers": [{"resources": {"requests": {"cpu": "50m"}}}],
                "containers": [{"resources": {"requests": {"cpu": "100m"}}}]})",
            100},
           {"a sidecar runs beside the containers",
            R"({"initContainers": [{"restartPolicy": "Always",
                                    "resources": {"requests": {"cpu": "50m"}}}],
                "containers": [{"resources": {"requests": {"cpu": "100m"}}}]})",
            150},
           {"and beside the init containers after it, not before it",
            R"({"initContainers": [{"resources": {"requests": {"cpu": "220m"}}},
                                   {"restartPolicy": "Always",
                                    "resources": {"requests": {"cpu": "50m"}}},
                                   {"resources": {"requests": {"cpu": "200m"}}}],
                "containers": [{"resources": {"requests": {"cpu": "100m"}}}]})",
            250},
           {"a limit is the request where there is none",
            R"({"containers": [{"resources": {"limits": {"cpu": "100m"}}},
                               {"resources": {"limits": {"cpu": "1"},
                                              "requests": {"cpu": "20m"}}}]})",
            120},
           {"the pod's own request takes the place of the containers'",
            R"({"resources": {"requests": {"cpu": "1"}},
                "containers": [{"resources": {"requests": {"cpu": "100m"}}}]})",
            1000},
           {"the pod's limit is its request where no container has one",
            R"({"resources": {"limits": {"cpu": "1"}}, "containers": [{}]})", 1000},
           {"but not where one has",
            R"({"resources": {"limits": {"cpu": "1"}},
                "containers": [{"resources": {"requests": {"cpu": "100m"}}}]})",
            100},
       }) {
    EXPECT_EQ(read(pod_spec).requests.milli_cpu, milli_cpu) << what;
  }
}

TEST(Requests, ReadEveryResource) {
  const auto info = read(R"({"containers": [{"resources": {"requests": {
      "cpu": "1.5", "memory": "1Gi", "ephemeral-storage": "2Gi", "example.com/gpu": 2,
      "hugepages-2Mi": "4Mi"}}}]})");
  EXPECT_EQ(info.requests.milli_cpu, 1500);
  EXPECT_EQ(info.requests.memory, int64_t{1} << 30);
  EXPECT_EQ(info.requests.ephemeral_storage, int64_t{2} << 30);
  EXPECT_EQ(info.requests.pods, 1);
  EXPECT_EQ(info.requests.extended_amount("example.com/gpu"), 2);
  EXPECT_EQ(info.requests.extended_amount("hugepages-2Mi"), 4 << 20);
}

TEST(Requests, TheRuntimeClassAddsItsOverhead) {
  Classes classes;
  classes.runtime["gvisor"] = {.handler = "runsc", .overhead = {.milli_cpu = 10, .memory = 7}};
  const auto info = read(R"({"runtimeClassName": "gvisor",
      "containers": [{"resources": {"requests": {"cpu": "100m"}}}]})",
                         classes);
  EXPECT_EQ(info.requests.milli_cpu, 110);
  EXPECT_EQ(info.requests.memory, 7);
  EXPECT_EQ(info.runtime_handler, "runsc");
}

TEST(Requests, ScoresSeeADefaultForEachContainerWithoutOne) {
  const auto info = read(R"({"containers": [{}, {"resources": {"requests": {"cpu": "1"}}}]})");
  EXPECT_EQ(info.requests.milli_cpu, 1000);
  EXPECT_EQ(info.scoring_milli_cpu, 1100);
  EXPECT_EQ(info.requests.memory, 0);
  EXPECT_EQ(info.scoring_memory, int64_t{400} << 20);
}

TEST(Requests, AreHeldWhereNoSumOverflows) {
  const auto info = read(R"({"containers": [{"resources": {"requests": {"memory": "9E"}}},
                                            {"resources": {"requests": {"memory": "9E"}}}]})");
  EXPECT_EQ(info.requests.memory, kMaxQuantity);
}

TEST(Requests, RefuseWhatIsNoQuantity) {
  for (const char* quantity : {R"("x")", R"("-1")", R"([])"}) {
    JsonReader reader;
    const Json spec = json(std::string(R"({"containers": [{"resources": {"requests": {"cpu": )") +
                           quantity + "}}}]}");
    read_pod_spec(reader, spec, {});
    ASSERT_TRUE(reader.error()) << quantity;
    EXPECT_TRUE(reader.error()->message().starts_with("containers[0].resources.requests"))
        << reader.error()->message();
  }
}

}  // namespace
}  // namespace sandboxlet::scheduler
