#include "telemetry/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <list>

namespace sandboxlet {
namespace {

using asio::ip::tcp;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    auto echo = [](const std::string& target) {
      HttpAnswer answer;
      answer.body = "you asked for " + target;
      return answer;
    };
    server_ = *HttpServer::start("127.0.0.1:0", echo);
  }
  tcp::socket connect() {
    tcp::socket socket(io_);
    socket.connect({asio::ip::address_v4::loopback(), server_->port()});
    return socket;
  }
  static std::string rest(tcp::socket& socket) {
    std::string all;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(all), end);
    return all;
  }
  std::string exchange(const std::string& request) {
    tcp::socket socket = connect();
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(request), ignored);
    return rest(socket);
  }

  asio::io_context io_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersAGet) {
  const std::string answer = exchange("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nyou asked for /metrics?x=1"));
}

TEST_F(HttpServerTest, AnswersAHeadWithoutABody) {
  const std::string answer = exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 15\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, RefusesWhatIsNoGet) {
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
}

TEST_F(HttpServerTest, LivesThroughGarbageAndGiants) {
  EXPECT_THAT(exchange("\x16\x03\x01 no http at all\r\n\r\n"), IsEmpty());
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nX: " + std::string(1 << 20, 'x')), IsEmpty());
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, ServesOthersBesideTheSilentAndTurnsTooManyAway) {
  std::list<tcp::socket> silent;
  for (int i = 0; i < 15; ++i) silent.push_back(connect());
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  silent.push_back(connect());
  tcp::socket one_more = connect();
  EXPECT_THAT(rest(one_more), IsEmpty());
}

TEST_F(HttpServerTest, SaysWhatIsWrongWithAnAddress) {
  auto none = [](const std::string&) { return HttpAnswer(); };
  for (const char* address : {"", "9095", ":9095", "localhost:9095", "127.0.0.1:", "127.0.0.1:x",
                              "127.0.0.1:65536", "127.0.0.1:-1"}) {
    const auto refused = HttpServer::start(address, none);
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().code(), Code::kInvalidArgument) << address;
  }
  const auto taken = HttpServer::start("127.0.0.1:" + std::to_string(server_->port()), none);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message(), HasSubstr("Address already in use"));
}

}  // namespace
}  // namespace sandboxlet
