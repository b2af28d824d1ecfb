#include "agent/server/status_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/utf8.h"

namespace sandboxlet::agent {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string told(const std::string& message) {
  return to_grpc(Error(Code::kInvalidArgument, message)).error_message();
}

TEST(StatusCode, AMessageThatFitsIsTold) {
  EXPECT_EQ(told("spec: one\nspec: two"), "spec: one\nspec: two");
}

TEST(StatusCode, OfManyLinesThoseThatFitAreToldAndTheRestIsCounted) {
  std::string message = "first";
  for (int i = 0; i < 99; ++i) message += "\n" + std::string(200, 'x');
  const std::string text = told(message);
  EXPECT_LT(text.size(), 7 * 1024U);
  EXPECT_THAT(text, HasSubstr("first\n"));
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_THAT(text, EndsWith("\nand " + std::to_string(100 - lines) + " more"));
}

TEST(StatusCode, ALongLineIsCutBetweenCharacters) {
  std::string message = "x";
  for (int i = 0; i < 5000; ++i) message += "\u00e4";
  const std::string text = told(message);
  EXPECT_TRUE(api::is_utf8(text));
  EXPECT_THAT(text, EndsWith("\u00e4 [...]"));
  // Each byte of theirs is three on the wire.
  EXPECT_LT(text.size() * 3, 7 * 1024U);
}

}  // namespace
}  // namespace sandboxlet::agent
