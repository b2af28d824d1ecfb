#include "cri/exec_websocket.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <nlohmann/json.hpp>

#include "cri/exec_connection.h"
#include "cri/exec_status.h"

namespace sandboxlet::cri {

namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using Socket = websocket::stream<beast::tcp_stream>;

constexpr char kV5[] = "v5.channel.k8s.io";
constexpr char kV4[] = "v4.channel.k8s.io";
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
      if (error) co_return exec_stream_error("read", error);
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
    if (error) co_return exec_stream_error("write", error);
    co_return Result<>();
  }

  Task<Result<>> unable(std::string why) { co_return Error(Code::kUnimplemented, std::move(why)); }

  const std::unique_ptr<Socket> socket_;
  const bool v5_;
};

}  // namespace

Task<Result<std::unique_ptr<ExecStream>>> open_websocket_exec(std::string url, bool only_v5) {
  CO_TRY(const ExecAddress address, parse_exec_url(url));
  CO_TRY(beast::tcp_stream connection, co_await connect_exec(address));
  auto socket = std::make_unique<Socket>(std::move(connection));
  const std::string protocols = only_v5 ? kV5 : std::string(kV5) + ", " + kV4;
  auto offer = [protocols](websocket::request_type& request) {
    request.set(beast::http::field::sec_websocket_protocol, protocols);
  };
  socket->set_option(websocket::stream_base::decorator(offer));
  socket->read_message_max(kMaxMessage);
  websocket::response_type response;
  const std::string host = address.host + ":" + address.port;
  const auto [error] = co_await socket->async_handshake(response, host, address.target,
                                                        asio::as_tuple(asio::use_awaitable));
  if (only_v5 && error == websocket::error::upgrade_declined) {
    co_return Error(Code::kUnimplemented, "exec stream: the runtime does not speak " + protocols);
  }
  if (error) co_return exec_stream_error("handshake", error);
  beast::get_lowest_layer(*socket).expires_never();
  const bool v5 = response[beast::http::field::sec_websocket_protocol] == kV5;
  co_return std::make_unique<WebSocketExec>(std::move(socket), v5);
}

}  // namespace sandboxlet::cri
