#include "agent/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() {
    box_.metadata.uid = "u-1";
    box_.metadata.generation = 1;
  }
  // The newest generation's, as the status is told.
  void tell(const char* type, const char* status) {
    for (auto& condition : box_.status.conditions) {
      if (condition.type != type) continue;
      condition.status = status;
      condition.observedGeneration = box_.metadata.generation;
      return metrics_.changed(box_);
    }
    api::Condition& made = box_.status.conditions.emplace_back();
    made.type = type;
    tell(type, status);
  }
  void want(const char* mode) {
    box_.spec.operatingMode = mode;
    ++box_.metadata.generation;
    metrics_.changed(box_);
  }

  Metrics metrics_{"1.2.3"};
  api::Sandbox box_;
};

TEST_F(MetricsTest, TakesTheTimeOfOperationsAndCountsTheirErrors) {
  const Error error(Code::kUnavailable, "gone");
  metrics_.operation({"Freeze", 700us, nullptr});
  metrics_.operation({"Freeze", 2s, &error});
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("operations_duration_seconds_count{kind=\"Freeze\"} 2"));
  EXPECT_THAT(text,
              HasSubstr("operations_duration_seconds_bucket{kind=\"Freeze\",le=\"0.001\"} 1"));
  EXPECT_THAT(text, HasSubstr("operations_errors_total{code=\"Unavailable\",kind=\"Freeze\"} 1"));
}

TEST_F(MetricsTest, TakesTheTimeOfCallsToTheRuntime) {
  metrics_.runtime_call({"RunPodSandbox", 90ms, std::nullopt});
  metrics_.runtime_call({"RunPodSandbox", 90ms, Code::kInternal});
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("runtime_operations_duration_seconds_count{operation_type="
                              "\"RunPodSandbox\"} 2"));
  EXPECT_THAT(text, HasSubstr("runtime_operations_errors_total{code=\"Internal\",operation_type="
                              "\"RunPodSandbox\"} 1"));
}

TEST_F(MetricsTest, CountsASandboxOnceWhereverItIs) {
  metrics_.changed(box_);
  EXPECT_THAT(metrics_.text(), HasSubstr("sandboxes{depth=\"\",phase=\"Pending\"} 1"));
  tell("Ready", "True");
  EXPECT_THAT(metrics_.text(), HasSubstr("sandboxes{depth=\"\",phase=\"Pending\"} 0"));
  EXPECT_THAT(metrics_.text(), HasSubstr("sandboxes{depth=\"\",phase=\"Running\"} 1"));
  box_.status.suspend.emplace().depth = "Freeze";
  want("Suspended");
  tell("Suspended", "True");
  EXPECT_THAT(metrics_.text(), HasSubstr("sandboxes{depth=\"Freeze\",phase=\"Suspended\"} 1"));
  metrics_.deleted("u-1");
  metrics_.deleted("u-1");
  EXPECT_THAT(metrics_.text(), HasSubstr("sandboxes{depth=\"Freeze\",phase=\"Suspended\"} 0"));
}

TEST_F(MetricsTest, TakesTheTimeOfASuspensionAndAResume) {
  metrics_.passage({false, "Freeze", "Idle", 1ms});
  metrics_.passage({true, "Freeze", "Traffic", 2ms});
  const std::string text = metrics_.text();
  EXPECT_THAT(text,
              HasSubstr("suspend_duration_seconds_sum{depth=\"Freeze\",reason=\"Idle\"} 0.001"));
  EXPECT_THAT(text,
              HasSubstr("resume_duration_seconds_sum{cause=\"Traffic\",depth=\"Freeze\"} 0.002"));
}

TEST_F(MetricsTest, CountsWhatSleptAndWasWokenByCause) {
  metrics_.passage({true, "Freeze", "Traffic", 2ms, /*was_asleep=*/true});
  metrics_.passage({true, "Freeze", "User", 2ms});
  EXPECT_THAT(metrics_.text(), HasSubstr("wakes_total{cause=\"Traffic\"} 1"));
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("wakes_total{cause=\"User\"}")));
}

TEST_F(MetricsTest, MemoryIsGivenBackUntilTheThaw) {
  const char* const now = "memory_given_back_bytes{depth=\"Hibernate\"} ";
  const char* const total = "memory_given_back_bytes_total{depth=\"Hibernate\"} ";
  box_.status.suspend.emplace().depth = "Freeze";
  metrics_.changed(box_);
  metrics_.gave_back("u-1", 4096);
  metrics_.gave_back("nobody's", 1);
  metrics_.changed(box_);
  box_.status.suspend->depth = "Hibernate";
  metrics_.changed(box_);
  EXPECT_THAT(metrics_.text(), HasSubstr(now + std::string("4096")));
  box_.status.suspend->depth = "";
  metrics_.changed(box_);
  EXPECT_THAT(metrics_.text(), HasSubstr(now + std::string("0")));
  box_.status.suspend->depth = "Hibernate";
  metrics_.changed(box_);
  metrics_.gave_back("u-1", 100);
  metrics_.deleted("u-1");
  EXPECT_THAT(metrics_.text(), HasSubstr(now + std::string("0")));
  EXPECT_THAT(metrics_.text(), HasSubstr(total + std::string("4196")));
}

TEST_F(MetricsTest, AddsUpRestartsOfThisLifeAlone) {
  box_.status.containers.emplace_back().restartCount = 7;
  metrics_.changed(box_);
  EXPECT_THAT(metrics_.text(), HasSubstr("container_restarts_total 0"));
  box_.status.containers[0].restartCount = 9;
  metrics_.changed(box_);
  box_.status.containers[0].restartCount = 0;
  metrics_.changed(box_);
  EXPECT_THAT(metrics_.text(), HasSubstr("container_restarts_total 2"));
}

TEST_F(MetricsTest, NamesNoSandbox) {
  box_.metadata.name = "secret-name";
  metrics_.changed(box_);
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("secret-name")));
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("u-1")));
}

}  // namespace
}  // namespace sandboxlet::agent
