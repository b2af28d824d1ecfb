#include "telemetry/telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace sandboxlet {
namespace {

using testing::HasSubstr;

class TelemetryTest : public testing::Test {
 protected:
  HttpAnswer ask(const std::string& target) {
    auto core = []() -> Result<> { return {}; };
    auto runtime = [this] { return runtime_; };
    const std::vector<HealthCheck> health{{"core", core}};
    const std::vector<HealthCheck> ready{{"core", core}, {"runtime", runtime}};
    return telemetry({[] { return std::string("a_metric 1"); }, health, ready})(target);
  }

  Result<> runtime_;
};

TEST_F(TelemetryTest, SaysOkAndNoMoreUnlessAsked) {
  EXPECT_EQ(ask("/readyz").body, "ok");
  EXPECT_EQ(ask("/readyz?verbose").body, "[+]core ok\n[+]runtime ok\nreadyz check passed\n");
}

TEST_F(TelemetryTest, NamesTheCheckThatFails) {
  runtime_ = Error(Code::kUnavailable, "nobody listens");
  EXPECT_EQ(ask("/readyz").status, 500u);
  EXPECT_EQ(ask("/readyz").body,
            "[+]core ok\n[-]runtime failed: nobody listens\nreadyz check failed\n");
  EXPECT_EQ(ask("/healthz").body, "ok");
}

TEST_F(TelemetryTest, ServesMetricsAndNothingElse) {
  EXPECT_THAT(ask("/metrics").body, HasSubstr("a_metric 1"));
  EXPECT_EQ(ask("/").status, 404u);
}

TEST(CoreCheck, AsksOnTheCoresThread) {
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  std::thread core([&io] { io.run(); });
  std::thread::id asked;
  auto ask = [&asked]() -> Result<> {
    asked = std::this_thread::get_id();
    return {};
  };
  EXPECT_TRUE(core_check("core", io, ask).check());
  EXPECT_EQ(asked, core.get_id());
  work.reset();
  core.join();
}

TEST(CoreCheck, FailsWhenTheCoreStandsStill) {
  asio::io_context io;
  const auto result = core_check("core", io, [] { return Result<>(); }).check();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace sandboxlet
