#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

#include "base/task.h"

namespace sandboxlet {
namespace {

Result<int> parse(bool fail) {
  if (fail) return Error(Code::kInvalidArgument, "bad digit");
  return 7;
}

Result<std::unique_ptr<int>> box(bool fail) {
  TRY(const int value, parse(fail).wrap("parse"));
  return std::make_unique<int>(value);
}

Task<Result<int>> unbox(bool fail) {
  CO_CHECK_OK(parse(false));
  CO_TRY(auto boxed, box(fail).wrap("box"));
  co_return *boxed;
}

Result<int> run(bool fail) {
  asio::io_context io;
  Result<int> result = Error(Code::kInternal, "did not run");
  asio::co_spawn(io, unbox(fail), [&](std::exception_ptr failure, Result<int> value) {
    die_on_exception(failure);
    result = std::move(value);
  });
  io.run();
  return result;
}

TEST(Result, PassesAValueThroughEveryMacro) { EXPECT_EQ(run(false), 7); }

TEST(Result, ErrorKeepsItsCodeAndGathersContext) {
  auto result = run(true);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(result.error().message(), "box: parse: bad digit");
}

TEST(Result, ErrnoIsCodedByItsMeaning) {
  auto error = errno_error("open x", ENOSPC);
  EXPECT_EQ(error.code(), Code::kResourceExhausted);
  EXPECT_EQ(error.errno_value(), ENOSPC);
  EXPECT_EQ(error.message(), "open x: No space left on device");
}

TEST(Result, OnlyTransientCodesAreRetryable) {
  EXPECT_TRUE(is_retryable(Code::kUnavailable));
  EXPECT_TRUE(is_retryable(Code::kResourceExhausted));
  EXPECT_FALSE(is_retryable(Code::kInvalidArgument));
  EXPECT_FALSE(is_retryable(Code::kCancelled));
}

}  // namespace
}  // namespace sandboxlet
