#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "kube/cluster_config.h"
#include "kube/http.h"

namespace sandboxlet::kube {

// Bearer tokens, as long as they hold. Belongs to the core thread.
class Credentials {
 public:
  virtual ~Credentials() = default;
  // The one to use now; empty where certificates alone say who one is.
  virtual Task<Result<std::string>> token() = 0;
  // The server did not take the last one.
  virtual void refused() = 0;
};

// The config's token; its file, read again after a minute (client-go: transport/token_source.go);
// or what its exec plugin answers, until that expires. Files and programs are waited for on pool.
std::unique_ptr<Credentials> make_credentials(const ClusterConfig& config, Clock& clock,
                                              asio::any_io_executor pool);

// Http whose requests carry a token; one that is refused is fetched anew, and the request sent once
// more. Tells observer of each exchange. Belongs to the core thread.
class AuthenticatedHttp final : public Http {
 public:
  AuthenticatedHttp(Http& http, Credentials& credentials, HttpObserver observer = nullptr)
      : http_(http), credentials_(credentials), observer_(std::move(observer)) {}

  Task<Result<HttpResponse>> send(HttpRequest request) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request) override;

 private:
  Task<Result<HttpRequest>> sign(HttpRequest request);
  Task<Result<HttpResponse>> send_signed(HttpRequest request);
  Task<Result<std::unique_ptr<HttpStream>>> open_signed(HttpRequest request);
  void tell(const std::string& method, int status);

  Http& http_;
  Credentials& credentials_;
  const HttpObserver observer_;
};

}  // namespace sandboxlet::kube
