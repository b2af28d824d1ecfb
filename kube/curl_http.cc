#include "kube/curl_http.h"

#include "kube/exchange.h"

namespace sandboxlet::kube {

namespace {

constexpr size_t kMaxBody = size_t{64} << 20;

class CurlStream final : public HttpStream {
 public:
  explicit CurlStream(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~CurlStream() override { exchange_->abandon(); }
  const HttpHead& head() const override { return exchange_->head(); }
  Task<Result<std::string>> read() override { return exchange_->read(); }
  void cancel() override { exchange_->abandon(); }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

// What a request's time limit does.
std::unique_ptr<Timer> give_up_after(Clock& clock, Duration timeout,
                                     std::weak_ptr<Exchange> exchange) {
  return clock.call_after(timeout, [exchange = std::move(exchange)] {
    if (const auto late = exchange.lock()) late->abandon();
  });
}

Error in_time(Error error) {
  if (error.code() != Code::kCancelled) return error;
  return Error(Code::kDeadlineExceeded, "no answer in time");
}

}  // namespace

Task<Result<std::unique_ptr<HttpStream>>> CurlHttp::open(HttpRequest request) {
  const Duration timeout = request.timeout;
  const auto exchange = std::make_shared<Exchange>(io_, thread_, config_, std::move(request));
  auto stream = std::make_unique<CurlStream>(exchange);
  exchange->begin();
  const auto timer = give_up_after(clock_, timeout, exchange);
  if (auto begun = co_await exchange->await_head(); !begun) {
    co_return in_time(std::move(begun.error()));
  }
  co_return std::move(stream);
}

Task<Result<HttpResponse>> CurlHttp::send(HttpRequest request) {
  const Duration timeout = request.timeout;
  const auto exchange = std::make_shared<Exchange>(io_, thread_, config_, std::move(request));
  const CurlStream stream(exchange);
  exchange->begin();
  const auto timer = give_up_after(clock_, timeout, exchange);
  if (auto begun = co_await exchange->await_head(); !begun) {
    co_return in_time(std::move(begun.error()));
  }
  HttpResponse response;
  response.head = exchange->head();
  for (;;) {
    auto piece = co_await exchange->read();
    if (!piece) co_return in_time(std::move(piece.error()));
    if (piece->empty()) co_return response;
    response.body += *piece;
    if (response.body.size() > kMaxBody) {
      co_return Error(Code::kResourceExhausted, "an answer of more than 64 MiB");
    }
  }
}

}  // namespace sandboxlet::kube
