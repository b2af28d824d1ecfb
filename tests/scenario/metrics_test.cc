#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "tests/rig/eventually.h"
#include "tests/rig/http_client.h"
#include "tests/scenario/agent_test.h"
#include "tests/scenario/manifest.h"

namespace sandboxlet::test {
namespace {

namespace http = boost::beast::http;
using testing::HasSubstr;

class MetricsTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    agent_.reset();
    auto started =
        AgentProcess::start(runtime(), "metricsAddress: \"127.0.0.1:0\"\nrelistPeriod: 500ms\n");
    ASSERT_TRUE(started) << started.error().message();
    agent_ = std::move(*started);
    // The log has the lives before this one, too.
    const std::string log = agent_->log();
    constexpr std::string_view kSaid = "metrics and health on port ";
    const size_t said = log.rfind(kSaid);
    ASSERT_NE(said, std::string::npos) << log;
    port_ = static_cast<uint16_t>(std::stoi(log.substr(said + kSaid.size())));
  }

  // "200 ..." with the body after it.
  std::string get(const std::string& target) {
    asio::io_context io;
    boost::beast::tcp_stream stream(io);
    stream.connect({asio::ip::address_v4::loopback(), port_});
    http::request<http::empty_body> request(http::verb::get, target, 11);
    http::write(stream, request);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    http::read(stream, buffer, response);
    return std::to_string(response.result_int()) + " " + response.body();
  }

  uint16_t port_ = 0;
};

TEST_F(MetricsTest, TellWhatWasDone) {
  ASSERT_TRUE(apply(manifest("box")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  EXPECT_THAT(get("/metrics"), HasSubstr("sandboxes{depth=\"Freeze\",phase=\"Suspended\"} 1"));
  ASSERT_TRUE(resume("box").ok());
  const std::string text = get("/metrics");
  EXPECT_THAT(text, HasSubstr("sandboxes{depth=\"\",phase=\"Running\"} 1"));
  EXPECT_THAT(text, HasSubstr("operations_duration_seconds_count{kind=\"Freeze\"} 1"));
  EXPECT_THAT(text,
              HasSubstr("suspend_duration_seconds_count{depth=\"Freeze\",reason=\"User\"} 1"));
  EXPECT_THAT(text, HasSubstr("resume_duration_seconds_count{cause=\"User\",depth=\"Freeze\"} 1"));
  EXPECT_THAT(text, HasSubstr("runtime_operations_duration_seconds_count{operation_type="
                              "\"RunPodSandbox\"} 1"));
}

TEST_F(MetricsTest, TellWhatWokeThoseThatSlept) {
  std::string text = script_manifest("box", "exec httpd -f -p 80 -h /etc");
  text.insert(text.find(R"("podTemplate")"), R"("suspend":{"idleTimeout":"2s"},)");
  ASSERT_TRUE(apply(text).ok());
  ASSERT_TRUE(becomes("box", "Suspended", "True"));
  EXPECT_THAT(get("/metrics"), HasSubstr("memory_given_back_bytes{depth=\"Hibernate\"} 0"));
  ASSERT_TRUE(http_get(AgentTest::get("box")->status.podIPs.at(0), 80));
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  const std::string told = get("/metrics");
  EXPECT_THAT(told, HasSubstr("wakes_total{cause=\"Traffic\"} 1"));
  EXPECT_THAT(told,
              HasSubstr("resume_duration_seconds_count{cause=\"Traffic\",depth=\"Freeze\"} 1"));
}

TEST_F(MetricsTest, ReadinessFollowsTheRuntimeAndHealthDoesNot) {
  EXPECT_TRUE(eventually([&] { return get("/readyz") == "200 ok"; })) << get("/readyz");
  ASSERT_TRUE(runtime().kill());
  EXPECT_TRUE(eventually([&] { return get("/readyz").starts_with("500 "); }));
  EXPECT_THAT(get("/readyz"), HasSubstr("[-]runtime failed: nobody answers"));
  EXPECT_EQ(get("/healthz"), "200 ok");
  ASSERT_TRUE(runtime().restart());
  EXPECT_TRUE(eventually([&] { return get("/readyz") == "200 ok"; })) << get("/readyz");
}

TEST_F(MetricsTest, APortThatIsTakenIsNamedByItsKey) {
  asio::io_context io;
  asio::ip::tcp::acceptor taken(io, {asio::ip::address_v4::loopback(), 0});
  agent_.reset();
  const auto refused = AgentProcess::start(
      runtime(),
      "metricsAddress: \"127.0.0.1:" + std::to_string(taken.local_endpoint().port()) + "\"\n");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("metricsAddress: listen on 127.0.0.1:"));
}

}  // namespace
}  // namespace sandboxlet::test
