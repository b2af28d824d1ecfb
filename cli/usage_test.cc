#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/command.h"

namespace sandboxlet::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// The real program, with no agent there: what it said on either stream, and its exit code last.
std::string said(const std::string& arguments) {
  const auto answer =
      run_command({"bash", "-c",
                   "export SANDBOXLET_SOCKET=/nowhere/agent.sock; " SANDBOXLET_BIN "/sandboxctl " +
                       arguments + " 2>&1; echo exit $?"});
  return answer ? *answer : answer.error().message();
}

TEST(Usage, WithoutAnAgentItSaysWhereItLookedAndWhatToDo) {
  const std::string text = said("get");
  EXPECT_THAT(text, HasSubstr("no agent answers on /nowhere/agent.sock"));
  EXPECT_THAT(text, HasSubstr("--socket or SANDBOXLET_SOCKET"));
  EXPECT_THAT(text, EndsWith("exit 1"));
  EXPECT_THAT(said("--socket /elsewhere get"), HasSubstr("/elsewhere"));
}

TEST(Usage, WrongWordsAreTwoAndSayWhichWereMeant) {
  for (const char* words :
       {"", "fly", "get --colour", "get -o xml", "suspend", "suspend dev --depth Deep", "wait dev",
        "wait dev --for Ready", "logs dev --since 5x", "wait dev --for delete --timeout soon",
        "delete", "resume pod/dev"}) {
    EXPECT_THAT(said(words), EndsWith("exit 2")) << words;
  }
  EXPECT_THAT(said("suspend dev --depth Deep"), HasSubstr("Freeze"));
}

TEST(Usage, HelpOfEachCommandTeachesByExamples) {
  EXPECT_THAT(said("--help"), testing::AllOf(HasSubstr("suspend"), EndsWith("exit 0")));
  for (const char* command : {"apply", "get", "delete", "suspend", "exec", "logs", "wait"}) {
    EXPECT_THAT(
        said(std::string(command) + " --help"),
        testing::AllOf(HasSubstr(std::string("  sandboxctl ") + command), EndsWith("exit 0")))
        << command;
  }
}

TEST(Usage, WhatCannotBeDoneIsRefusedBeforeTheAgentIsAsked) {
  EXPECT_THAT(said("get one two --watch"), HasSubstr("one name"));
  EXPECT_THAT(said("get --watch -o yaml"), HasSubstr("-o json"));
  EXPECT_THAT(said("wait dev --for Ready"), HasSubstr("condition=TYPE"));
  EXPECT_THAT(said("apply -f /nowhere.yaml"), HasSubstr("/nowhere.yaml"));
  EXPECT_THAT(said("apply -f /dev/null"), HasSubstr("no Sandbox found"));
}

}  // namespace
}  // namespace sandboxlet::cli
