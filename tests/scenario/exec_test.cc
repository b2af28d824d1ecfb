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

  // Runs a command to its end with that input, which is not ended.
  Ran run(std::vector<std::string> command, const std::string& input = "", bool tty = false) {
    pb::ExecRequest request;
    request.mutable_start()->mutable_ref()->set_name("box");
    for (const auto& word : command) request.mutable_start()->add_command(word);
    request.mutable_start()->set_stdin(!input.empty());
    request.mutable_start()->set_tty(tty);
    grpc::ClientContext context;
    const auto stream = agent().api().Exec(&context);
    stream->Write(request);
    if (!input.empty()) {
      request.set_stdin(input);
      stream->Write(request);
    }
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

TEST_F(ExecTest, KeepsStdoutAndStderrApartAndAnswersTheExitCode) {
  const Ran ran = run({"sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_TRUE(ran.status.ok()) << ran.status.error_message();
  EXPECT_EQ(ran.out, "out\n");
  EXPECT_EQ(ran.err, "err\n");
  EXPECT_EQ(ran.code, 7);
}

TEST_F(ExecTest, PassesInputOn) {
  const Ran ran = run({"head", "-n1"}, "hello\n");
  EXPECT_EQ(ran.out, "hello\n");
  EXPECT_EQ(ran.code, 0);
}

TEST_F(ExecTest, RunsOnATerminal) {
  const Ran ran = run({"tty"}, "", true);
  EXPECT_THAT(ran.out, testing::StartsWith("/dev/pts/"));
  EXPECT_EQ(ran.code, 0);
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

TEST_F(ExecTest, CarriesAMegabyteWhole) {
  const Ran ran = run({"sh", "-c", "head -c 1048576 /dev/zero"});
  EXPECT_EQ(ran.out.size(), 1048576);
  EXPECT_EQ(ran.code, 0);
}

}  // namespace
}  // namespace sandboxlet::test
