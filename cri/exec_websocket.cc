#include "cri/exec_websocket.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <charconv>
#include <nlohmann/json.hpp>

namespace sandboxlet::cri {

namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using Socket = websocket::stream<beast::tcp_stream>;

constexpr char kV5[] = "v5.channel.k8s.io";
constexpr char kV4[] = "v4.channel.k8s.io";
constexpr auto kConnectTimeout = std::chrono::seconds(10);
constexpr size_t kMaxMessage = 1 << 20;

// The first byte of each message.
enum Channel : unsigned char {
  kStdin = 0,
  kStdout = 1,
  kStderr = 2,
  kStatus = 3,
  kResize = 4,
  kClose = 255
};

Error stream_error(const std::string& what, const beast::error_code& error) {
  const bool cancelled = error == asio::error::operation_aborted;
  return Error(cancelled ? Code::kCancelled : Code::kUnavailable,
               "exec stream: " + what + ": " + error.message());
}

class WebSocketExec final : public ExecStream {
 public:
  WebSocketExec(std::unique_ptr<Socket> socket, bool v5) : socket_(std::move(socket)), v5_(v5) {
    socket_->binary(true);
  }

  Task<Result<ExecEvent>> read() override {
    for (;;) {
      beast::flat_buffer buffer;
      const auto [error, size] =
          co_await socket_->async_read(buffer, asio::as_tuple(asio::use_awaitable));
      if (error) co_return stream_error("read", error);
      std::string message(static_cast<const char*>(buffer.data().data()), buffer.size());
      if (message.empty()) continue;
      const auto channel = static_cast<unsigned char>(message.front());
      message.erase(0, 1);
      if (channel == kStatus) {
        CO_TRY(const int code, exit_code_of(message));
        co_return ExecEvent(ExecExit{code});
      }
      // A channel's first message may be empty: it only says that the channel is there.
      if ((channel != kStdout && channel != kStderr) || message.empty()) continue;
      ExecOutput output;
      output.stream =
          channel == kStdout ? ExecOutput::Stream::kStdout : ExecOutput::Stream::kStderr;
      output.data = std::move(message);
      co_return ExecEvent(std::move(output));
    }
  }

  Task<Result<>> write_stdin(std::string data) override { return send(kStdin, std::move(data)); }

  Task<Result<>> close_stdin() override {
    if (v5_) return send(kClose, std::string(1, static_cast<char>(kStdin)));
    return unable(
        "this runtime's streams (v4.channel.k8s.io) cannot tell the end of standard input");
  }

  Task<Result<>> resize(uint16_t columns, uint16_t rows) override {
    nlohmann::ordered_json size{{"Width", columns}, {"Height", rows}};
    return send(kResize, size.dump());
  }

  void close() override { beast::get_lowest_layer(*socket_).close(); }

 private:
  Task<Result<>> send(Channel channel, std::string data) {
    data.insert(data.begin(), static_cast<char>(channel));
    const auto [error, size] =
        co_await socket_->async_write(asio::buffer(data), asio::as_tuple(asio::use_awaitable));
    if (error) co_return stream_error("write", error);
    co_return Result<>();
  }

  Task<Result<>> unable(std::string why) { co_return Error(Code::kUnimplemented, std::move(why)); }

  const std::unique_ptr<Socket> socket_;
  const bool v5_;
};

struct Address {
  std::string host;
  std::string port;
  std::string target;
};

Result<Address> parse_url(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  const size_t slash = url.find('/', kScheme.size());
  const size_t colon = url.rfind(':', slash);
  if (!url.starts_with(kScheme) || slash == std::string::npos || colon < kScheme.size()) {
    return Error(Code::kUnimplemented, "exec stream: not a URL of http with a port: " + url);
  }
  return Address{url.substr(kScheme.size(), colon - kScheme.size()),
                 url.substr(colon + 1, slash - colon - 1), url.substr(slash)};
}

}  // namespace

Result<int> exit_code_of(const std::string& status) {
  const auto json = nlohmann::json::parse(status, nullptr, false);
  if (!json.is_object()) return Error(Code::kInternal, "exec: not a status: " + status);
  if (json.value("status", "") == "Success") return 0;
  const std::string message = json.value("message", "the command did not run");
  if (json.value("reason", "") != "NonZeroExitCode")
    return Error(Code::kInternal, "exec: " + message);
  const auto details = json.value("details", nlohmann::json::object());
  for (const auto& cause : details.value("causes", nlohmann::json::array())) {
    if (cause.value("reason", "") != "ExitCode") continue;
    const std::string text = cause.value("message", "");
    int code = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), code);
    if (end.ec == std::errc() && code != 0) return code;
  }
  return Error(Code::kInternal, "exec: a status without an exit code: " + status);
}

Task<Result<std::unique_ptr<ExecStream>>> open_exec_stream(std::string url) {
  CO_TRY(const Address address, parse_url(url));
  const auto executor = co_await asio::this_coro::executor;
  beast::error_code bad_address;
  const auto ip = asio::ip::make_address(address.host, bad_address);
  if (bad_address) co_return stream_error(address.host, bad_address);
  const tcp::endpoint endpoint(ip, static_cast<uint16_t>(std::stoi(address.port)));
  auto socket = std::make_unique<Socket>(executor);
  beast::get_lowest_layer(*socket).expires_after(kConnectTimeout);
  const auto [connect_error] = co_await beast::get_lowest_layer(*socket).async_connect(
      endpoint, asio::as_tuple(asio::use_awaitable));
  if (connect_error) co_return stream_error("connect", connect_error);
  beast::get_lowest_layer(*socket).socket().set_option(tcp::no_delay(true));
  auto offer = [](websocket::request_type& request) {
    request.set(beast::http::field::sec_websocket_protocol, std::string(kV5) + ", " + kV4);
  };
  socket->set_option(websocket::stream_base::decorator(offer));
  socket->read_message_max(kMaxMessage);
  websocket::response_type response;
  const std::string host = address.host + ":" + address.port;
  const auto [error] = co_await socket->async_handshake(response, host, address.target,
                                                        asio::as_tuple(asio::use_awaitable));
  if (error) co_return stream_error("handshake", error);
  beast::get_lowest_layer(*socket).expires_never();
  const bool v5 = response[beast::http::field::sec_websocket_protocol] == kV5;
  co_return std::make_unique<WebSocketExec>(std::move(socket), v5);
}

}  // namespace sandboxlet::cri
