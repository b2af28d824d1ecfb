#include "cri/exec_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <charconv>

namespace sandboxlet::cri {

namespace {

namespace beast = boost::beast;
using tcp = asio::ip::tcp;

constexpr auto kOpenTimeout = std::chrono::seconds(10);

Result<tcp::endpoint> endpoint_of(const ExecAddress& address) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address.host, error);
  if (error) return exec_stream_error(address.host, error);
  uint16_t port = 0;
  const char* const end = address.port.data() + address.port.size();
  if (std::from_chars(address.port.data(), end, port).ptr != end || port == 0) {
    return Error(Code::kUnimplemented, "exec stream: not a port: " + address.port);
  }
  return tcp::endpoint(ip, port);
}

}  // namespace

Error exec_stream_error(std::string_view what, const boost::system::error_code& error) {
  const bool cancelled = error == asio::error::operation_aborted;
  return Error(cancelled ? Code::kCancelled : Code::kUnavailable,
               "exec stream: " + std::string(what) + ": " + error.message());
}

Result<ExecAddress> parse_exec_url(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  const size_t slash = url.find('/', kScheme.size());
  const size_t colon = url.rfind(':', slash);
  if (!url.starts_with(kScheme) || slash == std::string::npos || colon < kScheme.size()) {
    return Error(Code::kUnimplemented, "exec stream: not a URL of http with a port: " + url);
  }
  return ExecAddress{url.substr(kScheme.size(), colon - kScheme.size()),
                     url.substr(colon + 1, slash - colon - 1), url.substr(slash)};
}

Task<Result<beast::tcp_stream>> connect_exec(ExecAddress address) {
  CO_TRY(const tcp::endpoint endpoint, endpoint_of(address));
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(kOpenTimeout);
  const auto [error] = co_await stream.async_connect(endpoint, asio::as_tuple(asio::use_awaitable));
  if (error) co_return exec_stream_error("connect", error);
  stream.socket().set_option(tcp::no_delay(true));
  co_return std::move(stream);
}

}  // namespace sandboxlet::cri
