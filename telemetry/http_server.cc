#include "telemetry/http_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace sandboxlet {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto kPatience = std::chrono::seconds(5);
constexpr size_t kMaxHead = size_t{8} << 10;
constexpr int kMaxConnections = 16;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

HttpAnswer answer_to(const Request& request, const HttpServer::Handler& handler) {
  if (request.method() == http::verb::get || request.method() == http::verb::head) {
    return handler(std::string(request.target()));
  }
  return {405, "text/plain; charset=utf-8", "only GET and HEAD are served here\n"};
}

Response response_of(const Request& request, HttpAnswer answer) {
  Response response(static_cast<http::status>(answer.status), request.version());
  response.set(http::field::content_type, answer.content_type);
  response.keep_alive(false);
  response.content_length(answer.body.size());
  if (request.method() != http::verb::head) response.body() = std::move(answer.body);
  return response;
}

Result<asio::ip::tcp::endpoint> parse_address(const std::string& address) {
  const Error wrong(Code::kInvalidArgument, "\"" + address +
                                                "\" is not a numeric host and a port, as in "
                                                "127.0.0.1:9095 or [::1]:9095");
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return wrong;
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(host, error);
  if (error) return wrong;
  const std::string digits = address.substr(colon + 1);
  const bool number = !digits.empty() && digits.size() <= 5 &&
                      digits.find_first_not_of("0123456789") == std::string::npos;
  if (!number || std::stoi(digits) > 65535) return wrong;
  return asio::ip::tcp::endpoint(ip, static_cast<uint16_t>(std::stoi(digits)));
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::string& address, Handler handler) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(handler)));
  CHECK_OK(server->listen(address));
  return server;
}

Result<> HttpServer::listen(const std::string& address) {
  TRY(const auto endpoint, parse_address(address));
  boost::system::error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return errno_error("listen on " + address, error.value());
  asio::co_spawn(io_, accept(), die_on_exception);
  thread_ = std::thread([this] { io_.run(); });
  return {};
}

HttpServer::~HttpServer() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

Task<void> HttpServer::accept() {
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(kTuple);
    if (error) {
      // Out of descriptors, most likely: one that ends gives one back.
      asio::steady_timer pause(io_, std::chrono::seconds(1));
      co_await pause.async_wait(kTuple);
      continue;
    }
    if (connections_ >= kMaxConnections) continue;
    ++connections_;
    asio::co_spawn(io_, serve(std::move(socket)), [this](const std::exception_ptr& failure) {
      --connections_;
      die_on_exception(failure);
    });
  }
}

Task<void> HttpServer::serve(asio::ip::tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(kMaxHead);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(kMaxHead);
  stream.expires_after(kPatience);
  const auto [error, size] = co_await http::async_read(stream, buffer, parser, kTuple);
  if (error) co_return;
  Response response = response_of(parser.get(), answer_to(parser.get(), handler_));
  stream.expires_after(kPatience);
  const auto [failure, sent] = co_await http::async_write(stream, response, kTuple);
  boost::system::error_code ignored;
  if (!failure) stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  static_cast<void>(size + sent);
}

}  // namespace sandboxlet
