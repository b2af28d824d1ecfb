#include "kube/credentials.h"

#include "base/offload.h"
#include "kube/exec_plugin.h"
#include "kube/file.h"

namespace sandboxlet::kube {

namespace {

constexpr int kUnauthorized = 401;
constexpr Duration kReadAgainAfter = std::chrono::minutes(1);
// A token is not used in its last moments.
constexpr Duration kLeeway = std::chrono::seconds(10);

class FixedToken final : public Credentials {
 public:
  explicit FixedToken(std::string token) : token_(std::move(token)) {}
  Task<Result<std::string>> token() override { co_return token_; }
  void refused() override {}

 private:
  const std::string token_;
};

std::string without_space(const std::string& text) {
  constexpr char kSpace[] = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

class TokenFile final : public Credentials {
 public:
  TokenFile(std::string path, Clock& clock, asio::any_io_executor pool)
      : path_(std::move(path)), clock_(clock), pool_(std::move(pool)) {}

  Task<Result<std::string>> token() override {
    if (!token_.empty() && clock_.now() < read_again_) co_return token_;
    auto read = [path = path_] { return read_file(path); };
    auto text = co_await offload(pool_, read);
    const std::string fresh = text ? without_space(*text) : std::string();
    if (!fresh.empty()) {
      token_ = fresh;
      read_again_ = clock_.now() + kReadAgainAfter;
      co_return token_;
    }
    // One that was good a minute ago may still be.
    if (!token_.empty()) co_return token_;
    if (!text) co_return std::move(text.error());
    co_return Error(Code::kUnavailable, path_ + ": empty");
  }

  void refused() override { read_again_ = {}; }

 private:
  const std::string path_;
  Clock& clock_;
  const asio::any_io_executor pool_;
  std::string token_;
  TimePoint read_again_{};
};

class PluginToken final : public Credentials {
 public:
  PluginToken(const ClusterConfig& config, Clock& clock, asio::any_io_executor pool)
      : config_(config), clock_(clock), pool_(std::move(pool)) {}

  Task<Result<std::string>> token() override {
    const bool expires = credential_.expires != WallTime();
    const bool holds = !expires || clock_.wall() + kLeeway < credential_.expires;
    if (!credential_.token.empty() && holds) co_return credential_.token;
    auto run = [this] { return run_exec_plugin(config_); };
    auto answer = co_await offload(pool_, run);
    if (!answer) co_return std::move(answer.error());
    credential_ = std::move(*answer);
    co_return credential_.token;
  }

  void refused() override { credential_ = {}; }

 private:
  const ClusterConfig config_;
  Clock& clock_;
  const asio::any_io_executor pool_;
  ExecCredential credential_;
};

}  // namespace

std::unique_ptr<Credentials> make_credentials(const ClusterConfig& config, Clock& clock,
                                              asio::any_io_executor pool) {
  if (config.exec) return std::make_unique<PluginToken>(config, clock, std::move(pool));
  if (!config.token_file.empty()) {
    return std::make_unique<TokenFile>(config.token_file, clock, std::move(pool));
  }
  return std::make_unique<FixedToken>(config.token);
}

Task<Result<HttpRequest>> AuthenticatedHttp::sign(HttpRequest request) {
  auto token = co_await credentials_.token();
  if (!token) co_return std::move(token.error()).wrap("credentials");
  if (!token->empty()) request.headers.push_back("Authorization: Bearer " + *token);
  co_return request;
}

void AuthenticatedHttp::tell(const std::string& method, int status) {
  if (observer_) observer_({method, status});
}

Task<Result<HttpResponse>> AuthenticatedHttp::send_signed(HttpRequest request) {
  const std::string method = request.method;
  CO_TRY(HttpRequest with_token, co_await sign(std::move(request)));
  auto answer = co_await http_.send(std::move(with_token));
  tell(method, answer ? answer->head.status : 0);
  co_return answer;
}

Task<Result<std::unique_ptr<HttpStream>>> AuthenticatedHttp::open_signed(HttpRequest request) {
  const std::string method = request.method;
  CO_TRY(HttpRequest with_token, co_await sign(std::move(request)));
  auto answer = co_await http_.open(std::move(with_token));
  tell(method, answer ? (*answer)->head().status : 0);
  co_return answer;
}

Task<Result<HttpResponse>> AuthenticatedHttp::send(HttpRequest request) {
  auto answer = co_await send_signed(request);
  if (!answer || answer->head.status != kUnauthorized) co_return answer;
  credentials_.refused();
  co_return co_await send_signed(std::move(request));
}

Task<Result<std::unique_ptr<HttpStream>>> AuthenticatedHttp::open(HttpRequest request) {
  auto answer = co_await open_signed(request);
  if (!answer || (*answer)->head().status != kUnauthorized) co_return answer;
  credentials_.refused();
  co_return co_await open_signed(std::move(request));
}

}  // namespace sandboxlet::kube
