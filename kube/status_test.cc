#include "kube/status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sandboxlet::kube {
namespace {

Status answered(int code, const std::string& body,
                std::map<std::string, std::string> headers = {}) {
  return read_status({code, std::move(headers)}, body);
}

TEST(Status, TellsWhatTheServerSays) {
  const Status status = answered(
      404, R"({"kind":"Status","message":"pods \"x\" not found","reason":"NotFound","code":404})");
  EXPECT_EQ(status.reason, "NotFound");
  const Error error = to_error(status);
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_EQ(error.message(), "pods \"x\" not found");
}

TEST(Status, AConflictOfVersionsIsNotOneOfNames) {
  EXPECT_EQ(to_error(answered(409, R"({"kind":"Status","reason":"Conflict"})")).code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(to_error(answered(409, R"({"kind":"Status","reason":"AlreadyExists"})")).code(),
            Code::kAlreadyExists);
}

TEST(Status, WhatIsWrongIsNotTriedAgainAndWhatIsBusyIs) {
  for (const int code : {400, 403, 404, 409, 415, 422}) {
    EXPECT_FALSE(is_retryable(to_error(answered(code, "")).code())) << code;
  }
  for (const int code : {429, 500, 502, 503, 504}) {
    EXPECT_TRUE(is_retryable(to_error(answered(code, "")).code())) << code;
  }
}

TEST(Status, AProxysAnswerIsToldAsItIs) {
  const Status status = answered(502, "<html>bad gateway");
  EXPECT_EQ(status.message, "<html>bad gateway");
  EXPECT_EQ(answered(503, "").message, "HTTP status 503");
  EXPECT_EQ(answered(500, R"(["kind"])").code, 500);
}

TEST(Status, RetryAfterComesFromTheHeaderOrTheDetails) {
  EXPECT_EQ(answered(429, "", {{"retry-after", "7"}}).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(answered(429, R"({"kind":"Status","details":{"retryAfterSeconds":3}})").retry_after,
            std::chrono::seconds(3));
  EXPECT_FALSE(answered(429, "", {{"retry-after", "tomorrow"}}).retry_after);
}

TEST(Status, KnowsOldVersionsAndFutureOnes) {
  EXPECT_TRUE(is_expired(answered(410, "")));
  EXPECT_TRUE(is_expired(read_status(nlohmann::json{{"code", 410}, {"reason", "Expired"}})));
  const Status future = answered(
      504, R"({"kind":"Status","details":{"causes":[{"reason":"ResourceVersionTooLarge"}]}})");
  EXPECT_TRUE(is_too_large(future));
  EXPECT_FALSE(is_expired(future));
}

}  // namespace
}  // namespace sandboxlet::kube
