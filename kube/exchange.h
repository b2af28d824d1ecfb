#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <optional>

#include "kube/cluster_config.h"
#include "kube/curl_thread.h"
#include "kube/http.h"

namespace sandboxlet::kube {

// One exchange, half on curl's thread and half on the core's: the one writes what comes, the other
// is told of it and reads. Shared by both, and by the handlers that go between them.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context& io, std::shared_ptr<CurlThread> thread, const ClusterConfig& config,
           HttpRequest request);
  ~Exchange();

  // ---- On the core's thread.
  void begin();
  // Nobody reads on; curl's side ends soon.
  void abandon();
  // Each answers once it can: true when there is a head, or how the exchange ended without one.
  Task<Result<>> await_head();
  Task<Result<std::string>> read();
  const HttpHead& head() const { return head_; }

 private:
  using Waiter = std::function<void()>;

  // ---- On curl's thread.
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  void set_options(const ClusterConfig& config);
  void note_header(const std::string& line);
  void give_back(size_t size);
  void ended(CURLcode code);
  // Runs on the core's thread, with this kept alive.
  void tell(std::function<void(Exchange&)> news);

  // ---- On the core's thread.
  Task<void> wait();
  void wake();

  asio::io_context& io_;
  const std::shared_ptr<CurlThread> thread_;
  const HttpRequest request_;
  CURL* const easy_;
  curl_slist* headers_ = nullptr;
  std::string url_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  // Curl's side.
  HttpHead incoming_;
  size_t unread_ = 0;
  bool paused_ = false;
  // The core's side.
  HttpHead head_;
  bool has_head_ = false;
  std::deque<std::string> pieces_;
  std::optional<Result<>> end_;
  Waiter waiter_;
};

}  // namespace sandboxlet::kube
