#include "cli/show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/json.h"
#include "api/time.h"
#include "cli/common.h"

namespace sandboxlet::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// A Sandbox that runs; more is put into its status.
std::string running(const std::string& more = "") {
  return R"({"apiVersion":"agents.x-k8s.io/v1beta1","kind":"Sandbox",
    "metadata":{"name":"dev","namespace":"team","uid":"u-1","generation":1,
      "creationTimestamp":"2026-01-02T03:04:05Z","labels":{"app":"dev","tier":"one"}},
    "spec":{"podTemplate":{"spec":{"containers":[{"name":"main","image":"a:1"},
                                                 {"name":"side","image":"b:1"}]}}},
    "status":{"nodeName":"node-1","podIPs":["10.1.2.3"],
      "containers":[{"name":"main","state":"Running","restartCount":2,"image":"a:1"},
                    {"name":"side","state":"Waiting","reason":"CrashLoopBackOff",
                     "restartCount":1,"exitCode":3,"image":"b:1"}],)" +
         more + R"("conditions":[{"type":"Ready","status":"True","reason":"DependenciesReady",
           "lastTransitionTime":"2026-01-02T03:05:05Z","message":"Pod is Ready"}]}})";
}

WallTime now() { return *api::parse_time("2026-01-02T03:09:05Z"); }

// The same with another Ready condition.
api::Sandbox not_ready(const std::string& reason) {
  auto sandbox = sandbox_of(running());
  sandbox.status.conditions[0].status = "False";
  sandbox.status.conditions[0].reason = reason;
  sandbox.status.containers.clear();
  return sandbox;
}

TEST(Show, ARowHasWhatKubectlShowsOfAPod) {
  EXPECT_THAT(head({}), ElementsAre("NAME", "READY", "STATUS", "RESTARTS", "AGE"));
  EXPECT_THAT(row(sandbox_of(running()), {}, now()),
              ElementsAre("dev", "1/2", "Running", "3", "5m"));
}

TEST(Show, WideAndOfAllNamespacesHasMore) {
  const TableOptions all{.wide = true, .all_namespaces = true};
  EXPECT_THAT(head(all), ElementsAre("NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE",
                                     "IP", "NODE", "DEPTH"));
  EXPECT_THAT(
      row(sandbox_of(running()), all, now()),
      ElementsAre("team", "dev", "1/2", "Running", "3", "5m", "10.1.2.3", "node-1", "<none>"));
  EXPECT_THAT(row(sandbox_of(running(R"("suspend":{"depth":"Freeze"},)")), all, now()).back(),
              "Freeze");
}

TEST(Show, AndWhatEachUsesWhereThatIsAsked) {
  const TableOptions all{.wide = true, .usage = true};
  EXPECT_EQ(head(all).back(), "GIVEN BACK");
  pb::SandboxStats usage;
  usage.mutable_idle()->set_seconds(90);
  usage.set_memory_working_set(3 << 20);
  usage.set_memory_swapped(200 << 20);
  Row cells = row(sandbox_of(running()), all, now(), &usage);
  EXPECT_EQ(cells.size(), head(all).size());
  EXPECT_THAT(Row(cells.end() - 3, cells.end()), ElementsAre("90s", "3.0Mi", "200Mi"));
  cells = row(sandbox_of(running()), all, now());
  EXPECT_THAT(Row(cells.end() - 3, cells.end()), ElementsAre("<none>", "0", "0"));
}

TEST(Show, OneWordSaysHowItIs) {
  EXPECT_EQ(status_word(sandbox_of(running())), "Running");
  EXPECT_EQ(status_word(not_ready("PodSucceeded")), "Completed");
  EXPECT_EQ(status_word(not_ready("PodFailed")), "Failed");
  EXPECT_EQ(status_word(not_ready("SandboxExpired")), "Expired");
  EXPECT_EQ(status_word(not_ready("ReconcilerError")), "Error");
  EXPECT_EQ(status_word(not_ready("DependenciesNotReady")), "Pending");
  auto held_back = not_ready("DependenciesNotReady");
  held_back.status.containers = sandbox_of(running()).status.containers;
  EXPECT_EQ(status_word(held_back), "CrashLoopBackOff");
}

TEST(Show, SuspensionAndDeletionGoBeforeReadiness) {
  auto sandbox = sandbox_of(running());
  sandbox.spec.pause = true;
  EXPECT_EQ(status_word(sandbox), "Suspending");
  api::Condition suspended;
  suspended.type = "Suspended";
  suspended.status = "True";
  sandbox.status.conditions.push_back(suspended);
  EXPECT_EQ(status_word(sandbox), "Suspended");
  sandbox.metadata.deletionTimestamp = "2026-01-02T03:09:00Z";
  EXPECT_EQ(status_word(sandbox), "Terminating");
}

TEST(Show, DescribeHasOneColumnOfTitles) {
  const std::string text = describe(sandbox_of(running()), now());
  EXPECT_THAT(text, HasSubstr("Name:          dev\n"));
  EXPECT_THAT(text, HasSubstr("Labels:        app=dev\n"
                              "               tier=one\n"
                              "Annotations:   <none>\n"));
  EXPECT_THAT(text, HasSubstr("Created:       5m ago\n"));
  EXPECT_THAT(text, Not(HasSubstr("Suspended:")));
  EXPECT_THAT(text, HasSubstr("  Ready   True     DependenciesReady   4m    Pod is Ready\n"));
}

TEST(Show, DescribeTellsOfSuspensionAndTheLastResume) {
  const std::string text =
      describe(sandbox_of(running(R"("suspend":{"depth":"Freeze","reason":"User",
        "since":"2026-01-02T03:08:05Z","lastResume":{"cause":"Exec","milliseconds":0.714}},)")),
               now());
  EXPECT_THAT(text, HasSubstr("Suspended:     to depth Freeze (User) for 60s\n"));
  EXPECT_THAT(text, HasSubstr("Last Resume:   Exec, took 0.71 ms\n"));
}

TEST(Show, YamlIsReadBackAsTheSame) {
  EXPECT_EQ(as_yaml(R"({"a":{"b":["on",1,true,null,"x: y"]},"c":{}})"),
            "a:\n  b:\n    - \"on\"\n    - 1\n    - true\n    - ~\n    - \"x: y\"\n"
            "c:\n  {}\n");
}

TEST(Show, NamesAreTakenAsTheyArePrinted) {
  EXPECT_EQ(parse_name("dev"), "dev");
  EXPECT_EQ(parse_name("sandbox/dev"), "dev");
  EXPECT_EQ(parse_name("sandbox.agents.x-k8s.io/dev"), "dev");
  EXPECT_THAT(parse_name("pod/dev").error().message(), HasSubstr("sandbox/dev"));
}

}  // namespace
}  // namespace sandboxlet::cli
