#include "cri/exec_spdy.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "cri/exec_connection.h"
#include "cri/exec_status.h"
#include "cri/spdy.h"

namespace sandboxlet::cri {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr char kProtocol[] = "SPDY/3.1";
constexpr char kVersionHeader[] = "X-Stream-Protocol-Version";
constexpr char kVersion[] = "v4.channel.k8s.io";
// Servers copy output in pieces of 32 KiB.
constexpr uint32_t kMaxFrame = 1 << 20;
constexpr size_t kReadAhead = size_t{64} << 10;

// A client's streams have odd numbers that grow.
enum StreamId : uint32_t { kStatus = 1, kStdin = 3, kStdout = 5, kStderr = 7 };
struct StreamType {
  StreamId id;
  const char* name;
};
constexpr std::array<StreamType, 4> kStreams{
    {{kStatus, "error"}, {kStdin, "stdin"}, {kStdout, "stdout"}, {kStderr, "stderr"}}};

struct Frame {
  SpdyHead head;
  std::string payload;

  uint32_t stream() const { return head.control ? spdy_stream_of(payload) : head.stream; }
  // The other side sends no more on that stream.
  bool ends(StreamId id) const {
    return stream() == id && (head.fin || head.control == SpdyType::kRstStream);
  }
};

class SpdyExec final : public ExecStream {
 public:
  explicit SpdyExec(beast::tcp_stream connection) : connection_(std::move(connection)) {}

  Task<Result<>> open(const ExecAddress& address) {
    CO_CHECK_OK(co_await upgrade(address));
    SpdyHeaders headers;
    std::string frames;
    for (const auto& stream : kStreams) {
      frames += headers.syn_stream(stream.id, {{"streamtype", stream.name}});
    }
    CO_CHECK_OK(co_await send(std::move(frames)));
    // The server drops what comes on a stream before it has answered it.
    for (size_t replies = 0; replies < kStreams.size();) {
      CO_TRY(const Frame frame, co_await next_frame());
      if (frame.head.control == SpdyType::kSynReply) ++replies;
      if (frame.head.control == SpdyType::kRstStream) {
        co_return Error(Code::kUnavailable, "exec stream: the runtime refused a stream");
      }
    }
    connection_.expires_never();
    co_return Result<>();
  }

  // What is neither output nor status says nothing to a client of commands: pings are not sent by
  // those who serve them.
  Task<Result<ExecEvent>> read() override {
    for (;;) {
      CO_TRY(Frame frame, co_await next_frame());
      const bool is_data = !frame.head.control;
      if (is_data && frame.stream() == kStatus) status_ += frame.payload;
      if (frame.ends(kStatus)) {
        CO_TRY(const int code, exit_code_of(status_));
        co_return ExecEvent(ExecExit{code});
      }
      const bool is_output = frame.stream() == kStdout || frame.stream() == kStderr;
      if (!is_data || !is_output || frame.payload.empty()) continue;
      ExecOutput output;
      output.stream =
          frame.stream() == kStdout ? ExecOutput::Stream::kStdout : ExecOutput::Stream::kStderr;
      output.data = std::move(frame.payload);
      co_return ExecEvent(std::move(output));
    }
  }

  Task<Result<>> write_stdin(std::string data) override {
    return send(spdy_data(kStdin, data, /*fin=*/false));
  }

  Task<Result<>> close_stdin() override { return send(spdy_data(kStdin, "", /*fin=*/true)); }

  Task<Result<>> resize(uint16_t, uint16_t) override {
    co_return Error(Code::kFailedPrecondition, "the command has no terminal");
  }

  void close() override { connection_.close(); }

 private:
  Task<Result<>> upgrade(const ExecAddress& address) {
    http::request<http::empty_body> request(http::verb::post, address.target, 11);
    request.set(http::field::host, address.host + ":" + address.port);
    request.set(http::field::connection, "Upgrade");
    request.set(http::field::upgrade, kProtocol);
    request.set(kVersionHeader, kVersion);
    request.prepare_payload();
    const auto [write_error, written] =
        co_await http::async_write(connection_, request, asio::as_tuple(asio::use_awaitable));
    if (write_error) co_return exec_stream_error("write", write_error);
    http::response_parser<http::empty_body> response;
    const auto [error, size] = co_await http::async_read_header(
        connection_, buffer_, response, asio::as_tuple(asio::use_awaitable));
    if (error) co_return exec_stream_error("handshake", error);
    const auto& head = response.get();
    if (head.result() == http::status::switching_protocols && head[kVersionHeader] == kVersion) {
      co_return Result<>();
    }
    co_return Error(Code::kUnavailable,
                    "exec stream: handshake: " + std::to_string(head.result_int()) + " " +
                        std::string(head.reason()));
  }

  Task<Result<>> fill(size_t size) {
    while (buffer_.size() < size) {
      const auto room = buffer_.prepare(std::max(size - buffer_.size(), kReadAhead));
      const auto [error, read] =
          co_await connection_.async_read_some(room, asio::as_tuple(asio::use_awaitable));
      if (error) co_return exec_stream_error("read", error);
      buffer_.commit(read);
    }
    co_return Result<>();
  }

  std::string take(size_t size) {
    std::string bytes(static_cast<const char*>(buffer_.cdata().data()), size);
    buffer_.consume(size);
    return bytes;
  }

  Task<Result<Frame>> next_frame() {
    CO_CHECK_OK(co_await fill(SpdyHead::kSize));
    Frame frame;
    frame.head = parse_spdy_head(take(SpdyHead::kSize));
    if (frame.head.length > kMaxFrame) {
      co_return Error(Code::kInternal,
                      "exec stream: a frame of " + std::to_string(frame.head.length) + " bytes");
    }
    CO_CHECK_OK(co_await fill(frame.head.length));
    frame.payload = take(frame.head.length);
    co_return std::move(frame);
  }

  Task<Result<>> send(std::string bytes) {
    const auto [error, size] = co_await asio::async_write(connection_, asio::buffer(bytes),
                                                          asio::as_tuple(asio::use_awaitable));
    if (error) co_return exec_stream_error("write", error);
    co_return Result<>();
  }

  beast::tcp_stream connection_;
  beast::flat_buffer buffer_;
  std::string status_;
};

}  // namespace

Task<Result<std::unique_ptr<ExecStream>>> open_spdy_exec(std::string url) {
  CO_TRY(const ExecAddress address, parse_exec_url(url));
  CO_TRY(beast::tcp_stream connection, co_await connect_exec(address));
  auto exec = std::make_unique<SpdyExec>(std::move(connection));
  CO_CHECK_OK(co_await exec->open(address));
  co_return std::move(exec);
}

}  // namespace sandboxlet::cri
