#include "cli/complete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "base/command.h"

namespace sandboxlet::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CompleteTest : public testing::Test {
 protected:
  CompleteTest() {
    app_.add_option("--socket", text_);
    app_.add_option("-n,--namespace", text_);
    auto* const get = app_.add_subcommand("get", "");
    get->add_option("NAME", many_);
    get->add_option("-o,--output", text_)->check(CLI::IsMember({"wide", "json"}));
    get->add_flag("--watch", flag_);
    auto* const apply = app_.add_subcommand("apply", "");
    apply->add_option("-f,--filename", many_);
    auto* const exec = app_.add_subcommand("exec", "");
    exec->add_option("NAME", text_);
    exec->add_option("COMMAND", many_);
    app_.add_subcommand("wait", "")->add_option("--for", text_);
  }
  std::vector<std::string> after(const std::vector<std::string>& words) {
    return complete(app_, words, [](const std::string& namespace_) {
      return std::vector<std::string>{namespace_ + "-one", namespace_ + "-two"};
    });
  }

  CLI::App app_;
  std::string text_;
  std::vector<std::string> many_;
  bool flag_ = false;
};

TEST_F(CompleteTest, NamesCommands) {
  EXPECT_THAT(after({""}), ElementsAre("apply", "exec", "get", "wait"));
  EXPECT_THAT(after({"g"}), ElementsAre("get"));
  EXPECT_THAT(after({"--socket", "/run/x", "w"}), ElementsAre("wait"));
}

TEST_F(CompleteTest, NamesFlagsOfTheCommandAndOfAll) {
  EXPECT_THAT(after({"get", "--"}), Contains("--watch"));
  EXPECT_THAT(after({"get", "--n"}), ElementsAre("--namespace"));
  EXPECT_THAT(after({"apply", "--w"}), IsEmpty());
}

TEST_F(CompleteTest, NamesTheValuesOfAnOption) {
  EXPECT_THAT(after({"get", "-o", ""}), ElementsAre("json", "wide"));
  EXPECT_THAT(after({"get", "--output", "w"}), ElementsAre("wide"));
  EXPECT_THAT(after({"wait", "--for", "d"}), ElementsAre("delete"));
}

TEST_F(CompleteTest, LeavesFilesToTheShell) {
  EXPECT_THAT(after({"apply", "-f", "sand"}), ElementsAre(kCompleteFiles));
}

TEST_F(CompleteTest, NamesSandboxesOfTheNamespaceThatWasSaid) {
  EXPECT_THAT(after({"get", ""}), ElementsAre("default-one", "default-two"));
  EXPECT_THAT(after({"-n", "team", "get", "team-t"}), ElementsAre("team-two"));
  EXPECT_THAT(after({"get", "default-one", ""}), ElementsAre("default-one", "default-two"));
}

TEST_F(CompleteTest, NamesOneSandboxWhereOneIsMeantAndNothingOfItsCommand) {
  EXPECT_THAT(after({"exec", "default-o"}), ElementsAre("default-one"));
  EXPECT_THAT(after({"exec", "default-one", ""}), IsEmpty());
  EXPECT_THAT(after({"exec", "default-one", "--", ""}), IsEmpty());
}

// The real program in a real bash, with no agent there.
class BashTest : public testing::Test {
 protected:
  static std::string reply(const std::string& line) {
    const std::string script = "PATH=" SANDBOXLET_BIN
                               ":$PATH; export SANDBOXLET_SOCKET=/nowhere; "
                               "source <(sandboxctl completion bash); COMP_WORDS=(" +
                               line +
                               "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sandboxctl 2>/dev/null; "
                               "echo \"${COMPREPLY[*]}\"";
    const auto answer = run_command({"bash", "-c", script});
    return answer ? *answer : answer.error().message();
  }
};

TEST_F(BashTest, CompletesCommandsFlagsAndValues) {
  EXPECT_EQ(reply("sandboxctl res"), "resume");
  EXPECT_EQ(reply("sandboxctl suspend box --depth F"), "Freeze");
  EXPECT_EQ(reply("sandboxctl logs --prev"), "--previous");
  EXPECT_EQ(reply("sandboxctl completion ''"), "bash");
}

TEST_F(BashTest, CompletesFilesAndSaysNothingWithoutAnAgent) {
  EXPECT_THAT(reply("sandboxctl apply -f " SANDBOXLET_BIN "/sandboxc"), HasSubstr("sandboxctl"));
  EXPECT_EQ(reply("sandboxctl get ''"), "");
}

}  // namespace
}  // namespace sandboxlet::cli
