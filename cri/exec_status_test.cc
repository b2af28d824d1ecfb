#include "cri/exec_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::cri {
namespace {

TEST(ExecStatus, SuccessIsZero) { EXPECT_EQ(exit_code_of(R"({"status":"Success"})"), 0); }

TEST(ExecStatus, AnExitCodeIsAmongTheCauses) {
  EXPECT_EQ(exit_code_of(R"({"status":"Failure","reason":"NonZeroExitCode","message":"exit 7",
                             "details":{"causes":[{"reason":"Other","message":"1"},
                                                  {"reason":"ExitCode","message":"7"}]}})"),
            7);
}

TEST(ExecStatus, ACommandThatDidNotRunSaysWhy) {
  const auto code = exit_code_of(R"({"status":"Failure","reason":"InternalError",
                                     "message":"no such file"})");
  ASSERT_FALSE(code);
  EXPECT_THAT(code.error().message(), testing::HasSubstr("no such file"));
}

TEST(ExecStatus, WhatIsNoStatusIsAnError) {
  for (const char* text :
       {"", "gone", "[]", R"({"status":1,"message":[]})", R"({"reason":"NonZeroExitCode"})",
        R"({"reason":"NonZeroExitCode","details":"x"})",
        R"({"reason":"NonZeroExitCode","details":{"causes":[
                               {"reason":"ExitCode","message":"many"}]}})"}) {
    EXPECT_FALSE(exit_code_of(text)) << text;
  }
}

}  // namespace
}  // namespace sandboxlet::cri
