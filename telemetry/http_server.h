#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/task.h"

namespace sandboxlet {

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// GET on a loopback port, for metrics and health: one thread of its own, so that neither a slow
// client nor the core holds up the other. Requests have no bodies, heads of up to 8 KiB and five
// seconds; connections beyond 16 are closed at once. Destroying it ends what is under way.
class HttpServer {
 public:
  // Answers a path with its query: "/readyz?verbose". Runs on the server's thread, and may block.
  using Handler = std::function<HttpAnswer(const std::string& target)>;

  // address: "host:port" with a numeric host, "127.0.0.1:9095", "[::1]:0".
  static Result<std::unique_ptr<HttpServer>> start(const std::string& address, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  explicit HttpServer(Handler handler) : handler_(std::move(handler)) {}
  Result<> listen(const std::string& address);
  Task<void> accept();
  Task<void> serve(asio::ip::tcp::socket socket);

  const Handler handler_;
  asio::io_context io_{1};
  asio::ip::tcp::acceptor acceptor_{io_};
  int connections_ = 0;
  std::thread thread_;
};

}  // namespace sandboxlet
