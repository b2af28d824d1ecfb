#include <filesystem>

#include "tests/rig/eventually.h"
#include "tests/scenario/agent_test.h"

namespace sandboxlet::test {
namespace {

class LogsTest : public AgentTest {
 protected:
  // A Sandbox whose container runs that shell script.
  void start(const std::string& script, const std::string& spec = "") {
    auto text = manifest("box", spec);
    text.replace(text.find(R"("imagePullPolicy")"), 0,
                 R"("command":["sh","-c",")" + script + R"("],)");
    ASSERT_TRUE(apply(text).ok());
  }
  std::vector<std::string> read(const pb::LogsRequest& more, const std::string& name = "box") {
    pb::LogsRequest request = more;
    request.mutable_ref()->set_name(name);
    grpc::ClientContext context;
    const auto stream = agent().api().Logs(&context, request);
    std::vector<std::string> lines;
    pb::LogsResponse line;
    while (stream->Read(&line)) lines.push_back((line.stderr() ? "! " : "") + line.line());
    status_ = stream->Finish();
    return lines;
  }

  grpc::Status status_;
};

TEST_F(LogsTest, FollowsToTheContainersEnd) {
  start("for i in 1 2 3; do echo $i; done; echo oops >&2; sleep 0.5; echo last",
        R"("restartPolicy":"Never",)");
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  pb::LogsRequest request;
  request.set_follow(true);
  EXPECT_THAT(read(request), testing::UnorderedElementsAre("1", "2", "3", "! oops", "last"));
  request.set_follow(false);
  request.set_tail(1);
  EXPECT_THAT(read(request), testing::ElementsAre("last"));
}

TEST_F(LogsTest, KeepsThoseOfTheInstanceBefore) {
  start("cat /home/second 2>/dev/null && sleep 1000; echo and now > /home/second; echo first");
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  ASSERT_TRUE(eventually([&] {
    const auto containers = get("box")->status.containers;
    return !containers.empty() && containers[0].restartCount == 1 &&
           containers[0].state == "Running";
  }));
  pb::LogsRequest request;
  EXPECT_TRUE(eventually([&] { return read(request) == std::vector<std::string>{"and now"}; }));
  request.set_previous(true);
  EXPECT_THAT(read(request), testing::ElementsAre("first"));
}

TEST_F(LogsTest, OfOneThatCrashedOftenTheLastTwoAreKept) {
  agent_.reset();
  auto started =
      AgentProcess::start(runtime(), "crashLoopBackoff: 1ms\ncrashLoopBackoffMax: 1ms\n");
  ASSERT_TRUE(started) << started.error().message();
  agent_ = std::move(*started);
  start(
      "echo again >> /home/log; wc -l < /home/log; grep -c again /home/log | grep 5 && sleep 1000");
  ASSERT_TRUE(eventually([&] {
    const auto containers = get("box")->status.containers;
    return !containers.empty() && containers[0].restartCount == 4 &&
           containers[0].state == "Running";
  }));
  const auto logs = std::filesystem::directory_iterator(runtime().dir() + "/logs")->path() / "main";
  EXPECT_TRUE(std::filesystem::exists(logs / "3.log") && std::filesystem::exists(logs / "4.log"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(logs), {}), 2);
  pb::LogsRequest request;
  request.set_previous(true);
  EXPECT_THAT(read(request), testing::ElementsAre("4"));
}

TEST_F(LogsTest, OfASandboxWithTheLongestName) {
  const std::string name(248, 'b');  // with its claim's "home-" in front, 253
  auto text = manifest(name);
  text.replace(text.find(R"("imagePullPolicy")"), 0, R"("command":["echo","here"],)");
  ASSERT_TRUE(apply(text).ok());
  pb::LogsRequest request;
  EXPECT_TRUE(eventually([&] { return read(request, name) == std::vector<std::string>{"here"}; }));
}

TEST_F(LogsTest, WithoutAContainersNameTheFirstIsFollowedToItsOwnEnd) {
  auto text = manifest("box", R"("restartPolicy":"Never",)");
  text.replace(text.find(R"("containers":[)") + 14, 0,
               R"({"name":"first","image":"sandboxlet.test/busybox:1","command":["echo","one"]},)");
  ASSERT_TRUE(apply(text).ok());
  EXPECT_TRUE(eventually([&] { return container_id("box") != ""; }));
  pb::LogsRequest request;
  request.set_follow(true);
  EXPECT_TRUE(eventually([&] { return read(request) == std::vector<std::string>{"one"}; }));
}

TEST_F(LogsTest, SaysWhatIsNotThere) {
  start("sleep 1000");
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  pb::LogsRequest request;
  request.set_container("nobody");
  read(request);
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.clear_container();
  request.set_previous(true);
  read(request);
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace sandboxlet::test
