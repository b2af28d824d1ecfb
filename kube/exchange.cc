#include "kube/exchange.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>

namespace sandboxlet::kube {

namespace {

// What may wait for its reader before the wire is held up.
constexpr size_t kMaxUnread = size_t{1} << 20;
constexpr long kConnectSeconds = 10;
// client-go sends pings over a connection that is idle (30 s, then 15 s for the answer).
constexpr long kIdleSeconds = 30;
constexpr long kProbeSeconds = 15;
constexpr int kDeadMilliseconds = 45'000;

int on_socket(void*, curl_socket_t socket, curlsocktype) {
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kDeadMilliseconds, sizeof(kDeadMilliseconds));
  return CURL_SOCKOPT_OK;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

void set_pem(CURL* easy, CURLoption option, const std::string& pem) {
  if (pem.empty()) return;
  curl_blob blob{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
  curl_easy_setopt(easy, option, &blob);
}

}  // namespace

Exchange::Exchange(asio::io_context& io, std::shared_ptr<CurlThread> thread,
                   const ClusterConfig& config, HttpRequest request)
    : io_(io), thread_(std::move(thread)), request_(std::move(request)), easy_(curl_easy_init()) {
  url_ = config.server + request_.path;
  for (const auto& header : request_.headers) {
    headers_ = curl_slist_append(headers_, header.c_str());
  }
  // No "Expect: 100-continue": it would cost a round trip.
  headers_ = curl_slist_append(headers_, "Expect:");
  set_options(config);
}

Exchange::~Exchange() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

void Exchange::set_options(const ClusterConfig& config) {
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(easy_, option, value);
  };
  set(CURLOPT_URL, url_.c_str());
  set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  set(CURLOPT_HTTPHEADER, headers_);
  if (!request_.body.empty()) {
    set(CURLOPT_POSTFIELDS, request_.body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  set(CURLOPT_PIPEWAIT, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, kIdleSeconds);
  set(CURLOPT_TCP_KEEPINTVL, kProbeSeconds);
  set(CURLOPT_SOCKOPTFUNCTION, on_socket);
  // A cluster is not reached by way of whatever the environment names.
  set(CURLOPT_PROXY, "");
  set(CURLOPT_PROTOCOLS_STR, "https,http");
  set_pem(easy_, CURLOPT_CAINFO_BLOB, config.ca);
  set_pem(easy_, CURLOPT_SSLCERT_BLOB, config.client_certificate);
  set_pem(easy_, CURLOPT_SSLKEY_BLOB, config.client_key);
  if (config.skip_verify) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_HEADERFUNCTION, on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
}

// ---- The core's side

void Exchange::begin() {
  thread_->run([self = shared_from_this()] {
    self->thread_->add(self->easy_, [self](CURLcode code) { self->ended(code); });
  });
}

void Exchange::abandon() {
  thread_->run([self = shared_from_this()] { self->thread_->abort(self->easy_); });
}

// An ordinary function: g++ 12 miscompiles async_initiate inside a coroutine.
Task<void> Exchange::wait() {
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [self = shared_from_this()](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        self->waiter_ = [shared] { std::move (*shared)(); };
      },
      asio::use_awaitable);
}

void Exchange::wake() {
  if (waiter_) asio::post(io_, std::exchange(waiter_, nullptr));
}

Task<Result<>> Exchange::await_head() {
  while (!has_head_ && !end_) co_await wait();
  if (has_head_) co_return Result<>();
  if (!*end_) co_return end_->error();
  co_return Error(Code::kUnavailable, "the server ended the exchange without an answer");
}

Task<Result<std::string>> Exchange::read() {
  // Its stream may go while it waits.
  const auto self = shared_from_this();
  while (pieces_.empty() && !end_) co_await wait();
  if (pieces_.empty()) {
    if (!*end_) co_return end_->error();
    co_return std::string();
  }
  std::string piece = std::move(pieces_.front());
  pieces_.pop_front();
  thread_->run([self = shared_from_this(), size = piece.size()] { self->give_back(size); });
  co_return piece;
}

// ---- Curl's side

size_t Exchange::on_header(char* data, size_t size, size_t count, void* self) {
  static_cast<Exchange*>(self)->note_header(std::string(data, size * count));
  return size * count;
}

size_t Exchange::on_body(char* data, size_t size, size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  if (exchange.unread_ >= kMaxUnread) {
    exchange.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  exchange.unread_ += size * count;
  exchange.tell([piece = std::string(data, size * count)](Exchange& core) mutable {
    core.pieces_.push_back(std::move(piece));
  });
  return size * count;
}

void Exchange::note_header(const std::string& line) {
  // The first line of each answer; "100 Continue" and its like are followed by another.
  if (line.starts_with("HTTP/")) {
    incoming_ = {};
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    incoming_.status = static_cast<int>(status);
    return;
  }
  if (const size_t colon = line.find(':'); colon != std::string::npos) {
    incoming_.headers[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
    return;
  }
  if (!trimmed(line).empty() || incoming_.status < 200) return;
  tell([head = incoming_](Exchange& core) {
    core.head_ = head;
    core.has_head_ = true;
  });
}

void Exchange::give_back(size_t size) {
  unread_ -= size;
  if (!paused_ || unread_ >= kMaxUnread) return;
  paused_ = false;
  curl_easy_pause(easy_, CURLPAUSE_CONT);
}

void Exchange::ended(CURLcode code) {
  Result<> end;
  if (code != CURLE_OK) {
    const std::string why = error_[0] != '\0' ? error_.data() : curl_easy_strerror(code);
    const bool cancelled = code == CURLE_ABORTED_BY_CALLBACK;
    end = Error(cancelled ? Code::kCancelled : Code::kUnavailable, why);
  }
  tell([end](Exchange& core) { core.end_ = end; });
}

void Exchange::tell(std::function<void(Exchange&)> news) {
  asio::post(io_, [self = shared_from_this(), news = std::move(news)] {
    news(*self);
    self->wake();
  });
}

}  // namespace sandboxlet::kube
