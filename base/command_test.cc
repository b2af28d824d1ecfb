#include "base/command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace sandboxlet {
namespace {

TEST(Command, AnswersWhatWasPrintedWithoutTheLastNewline) {
  auto said = run_command({"printf", "a\\nb\\n"});
  ASSERT_TRUE(said.has_value()) << said.error().message();
  EXPECT_EQ(*said, "a\nb");
}

TEST(Command, AFailureSaysWhatTheCommandComplainedOf) {
  auto said = run_command({"sh", "-c", "echo out; echo no such thing >&2; exit 3"});
  ASSERT_FALSE(said.has_value());
  EXPECT_EQ(said.error().message(), "sh: no such thing");
}

TEST(Command, SaysWhereThereIsNoSuchProgram) {
  auto said = run_command({"no-such-program"});
  ASSERT_FALSE(said.has_value());
  EXPECT_EQ(said.error().code(), Code::kNotFound);
}

TEST(Command, DoesNotWaitForADaemonThatKeepsItsOutput) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  // The daemon, which inherits the other end alone, ends when this one does.
  const UniqueFd write_end(ends[1]);
  ASSERT_EQ(fcntl(read_end.get(), F_SETFD, 0), 0);
  auto said = run_command({"sh", "-c", "cat <&" + std::to_string(read_end.get()) + " & echo up"});
  ASSERT_TRUE(said.has_value()) << said.error().message();
  EXPECT_EQ(*said, "up");
}

}  // namespace
}  // namespace sandboxlet
