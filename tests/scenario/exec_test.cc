#include <thread>

#include "tests/rig/eventually.h"
#include "tests/scenario/agent_test.h"

namespace sandboxlet::test {
namespace {

struct Ran {
  std::string out;
  std::string err;
  std::optional<int> code;
  std::string failure;
  grpc::Status status;
};

class ExecTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(apply(manifest("box")).ok());
    ASSERT_TRUE(becomes("box", "Ready", "True"));
  }

  static pb::ExecRequest start_of(const std::vector<std::string>& command) {
    pb::ExecRequest request;
    request.mutable_start()->mutable_ref()->set_name("box");
    for (const auto& word : command) request.mutable_start()->add_command(word);
    return request;
  }

  static pb::ExecRequest input_of(const std::string& input) {
    pb::ExecRequest request;
    request.set_stdin(input);
    return request;
  }

  static pb::ExecRequest end_of_input() {
    pb::ExecRequest request;
    request.set_stdin_eof(true);
    return request;
  }

  Ran run(const std::vector<std::string>& command) { return send({start_of(command)}); }

  // With that input and its end.
  Ran run(const std::vector<std::string>& command, const std::string& input) {
    pb::ExecRequest start = start_of(command);
    start.mutable_start()->set_stdin(true);
    std::vector<pb::ExecRequest> requests{start};
    constexpr size_t kPiece = size_t{1} << 20;
    for (size_t from = 0; from < input.size(); from += kPiece) {
      requests.push_back(input_of(input.substr(from, kPiece)));
    }
    requests.push_back(end_of_input());
    return send(requests);
  }

  // Sends all that, and reads to the end.
  Ran send(const std::vector<pb::ExecRequest>& requests) {
    grpc::ClientContext context;
    const auto stream = agent().api().Exec(&context);
    for (const auto& request : requests) stream->Write(request);
    Ran ran;
    pb::ExecResponse response;
    while (stream->Read(&response)) {
      ran.out += response.stdout();
      ran.err += response.stderr();
      ran.failure += response.failure();
      if (response.has_exit_code()) ran.code = response.exit_code();
      if (response.has_exit_code() || response.has_failure()) break;
    }
    stream->WritesDone();
    ran.status = stream->Finish();
    return ran;
  }
};

TEST_F(ExecTest, AnAgentThatIsStoppedMeanwhileEndsWell) {
  grpc::ClientContext running;
  const auto exec = agent().api().Exec(&running);
  exec->Write(start_of({"sh", "-c", "echo runs; exec sleep 1000"}));
  pb::ExecResponse said;
  ASSERT_TRUE(exec->Read(&said));
  pb::LogsRequest request;
  request.mutable_ref()->set_name("box");
  request.set_follow(true);
  grpc::ClientContext following;
  const auto logs = agent().api().Logs(&following, request);
  const auto code = agent().stop();
  ASSERT_TRUE(code) << code.error().message();
  EXPECT_EQ(*code, 0);
  EXPECT_FALSE(exec->Finish().ok());
  EXPECT_FALSE(logs->Finish().ok());
  const auto again = agent().restart();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(run({"true"}).code, 0);
}

TEST_F(ExecTest, KeepsStdoutAndStderrApartAndAnswersTheExitCode) {
  const Ran ran = run({"sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_TRUE(ran.status.ok()) << ran.status.error_message();
  EXPECT_EQ(ran.out, "out\n");
  EXPECT_EQ(ran.err, "err\n");
  EXPECT_EQ(ran.code, 7);
}

TEST_F(ExecTest, PassesInputOnAndTellsItsEnd) {
  const Ran ran = run({"sh", "-c", "cat; echo all >&2; exit 3"}, "hello\n");
  EXPECT_EQ(ran.out, "hello\n");
  EXPECT_EQ(ran.err, "all\n");
  EXPECT_EQ(ran.code, 3);
}

TEST_F(ExecTest, TellsTheEndOfInputThatIsEmpty) { EXPECT_EQ(run({"wc", "-c"}, "").out, "0\n"); }

TEST_F(ExecTest, CarriesMegabytesOfInputWhole) {
  const std::string input(5'000'000, 'x');
  EXPECT_EQ(run({"wc", "-c"}, input).out, "5000000\n");
}

TEST_F(ExecTest, ACommandMayEndBeforeItsInputDoes) {
  pb::ExecRequest start = start_of({"head", "-n1"});
  start.mutable_start()->set_stdin(true);
  const Ran ran = send({start, input_of("hello\nworld\n")});
  EXPECT_EQ(ran.out, "hello\n");
  EXPECT_EQ(ran.code, 0);
}

TEST_F(ExecTest, SaysWhyACommandThatWantsInputDidNotRun) {
  const Ran ran = run({"no-such-command"}, "hello");
  EXPECT_FALSE(ran.code);
  EXPECT_THAT(ran.failure, testing::HasSubstr("no-such-command"));
}

TEST_F(ExecTest, RunsOnATerminal) {
  pb::ExecRequest start = start_of({"tty"});
  start.mutable_start()->set_tty(true);
  const Ran ran = send({start});
  EXPECT_THAT(ran.out, testing::StartsWith("/dev/pts/"));
  EXPECT_EQ(ran.code, 0);
}

TEST_F(ExecTest, ATerminalTakesWhatIsTypedAndItsNewSize) {
  pb::ExecRequest start = start_of(
      {"sh", "-c", "read line; until stty size 2>&1 | grep '33 99'; do :; done; echo $line"});
  start.mutable_start()->set_tty(true);
  pb::ExecRequest resize;
  resize.mutable_resize()->set_columns(99);
  resize.mutable_resize()->set_rows(33);
  const Ran ran = send({start, resize, input_of("typed\n")});
  EXPECT_THAT(ran.out, testing::AllOf(testing::HasSubstr("33 99"), testing::HasSubstr("typed")));
}

TEST_F(ExecTest, SaysWhyACommandDidNotRun) {
  const Ran ran = run({"no-such-command"});
  EXPECT_FALSE(ran.code);
  EXPECT_THAT(ran.failure, testing::HasSubstr("no-such-command"));
}

TEST_F(ExecTest, NeedsACommandAndASandboxThatRuns) {
  EXPECT_EQ(run({}).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_TRUE(remove("box").ok());
  EXPECT_EQ(run({"true"}).status.error_code(), grpc::StatusCode::NOT_FOUND);
}

// design: suspend.md, trap 2: without it the command would hang to its deadline.
TEST_F(ExecTest, WakesASandboxFromEachDepth) {
  for (const char* depth : {"Freeze", "Stop", "Terminate"}) {
    ASSERT_TRUE(suspend("box", depth).ok()) << depth;
    EXPECT_EQ(run({"echo", "woken"}).out, "woken\n") << depth;
    EXPECT_EQ(get("box")->status.suspend->lastResume->cause, "Exec") << depth;
  }
}

TEST_F(ExecTest, WaitsForAResumeThatIsUnderWay) {
  for (const char* depth : {"Freeze", "Stop"}) {
    ASSERT_TRUE(suspend("box", depth).ok()) << depth;
    std::thread resuming([&] { EXPECT_TRUE(resume("box").ok()); });
    EXPECT_TRUE(eventually([&] { return get("box")->spec.operatingMode == "Running"; }));
    EXPECT_EQ(run({"echo", "woken"}).out, "woken\n") << depth;
    resuming.join();
  }
}

// Trap 2 again: whatever each meets, none is lost and none hangs.
TEST_F(ExecTest, EachEndsAmongSuspensions) {
  std::atomic<bool> end = false;
  std::thread suspending([&] {
    while (!end) {
      suspend("box", "Freeze");
      resume("box");
    }
  });
  for (int round = 0; round < 10; ++round) {
    const Ran ran = run({"echo", "here"});
    EXPECT_EQ(ran.out, "here\n") << round << ": " << ran.failure << ran.status.error_message();
    EXPECT_EQ(ran.code, 0) << round;
  }
  end = true;
  suspending.join();
}

TEST_F(ExecTest, CarriesAMegabyteWhole) {
  const Ran ran = run({"sh", "-c", "head -c 1048576 /dev/zero"});
  EXPECT_EQ(ran.out.size(), 1048576);
  EXPECT_EQ(ran.code, 0);
}

}  // namespace
}  // namespace sandboxlet::test
