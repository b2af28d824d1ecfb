#pragma once

#include <boost/asio/io_context.hpp>

#include "kube/cluster_config.h"
#include "kube/curl_thread.h"
#include "kube/http.h"

namespace sandboxlet::kube {

// Http on libcurl: HTTP/2, many exchanges on one connection. The server's and one's own
// certificates are the config's; its tokens are not looked at. A connection over which nothing
// comes any more is given up after 45 seconds (kube.md §1: curl itself does not look). Streams and
// other requests are better kept on two of these: a server allows 100 exchanges a connection.
//
// Destroying it ends every exchange; those who wait hear of it when the core's loop runs again.
class CurlHttp final : public Http {
 public:
  CurlHttp(asio::io_context& io, Clock& clock, ClusterConfig config)
      : io_(io), clock_(clock), config_(std::move(config)) {}
  ~CurlHttp() override { thread_->stop(); }
  CurlHttp(const CurlHttp&) = delete;
  CurlHttp& operator=(const CurlHttp&) = delete;

  Task<Result<HttpResponse>> send(HttpRequest request) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request) override;

 private:
  asio::io_context& io_;
  Clock& clock_;
  const ClusterConfig config_;
  const std::shared_ptr<CurlThread> thread_ = std::make_shared<CurlThread>();
};

}  // namespace sandboxlet::kube
