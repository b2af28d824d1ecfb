#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "kube/client.h"
#include "kube/cluster_config.h"
#include "kube/credentials.h"
#include "kube/curl_http.h"

namespace sandboxlet::kube {

// All that a program needs to talk to one API server: requests on one connection, streams on
// another, both with the same credentials. Belongs to the core thread; outlives who uses it.
class Connection {
 public:
  // pool is for files and programs that give tokens; observer hears of each exchange.
  Connection(asio::io_context& io, Clock& clock, const ClusterConfig& config,
             asio::any_io_executor pool, const HttpObserver& observer = nullptr)
      : requests_(io, clock, config),
        streams_(io, clock, config),
        credentials_(make_credentials(config, clock, std::move(pool))),
        signed_requests_(requests_, *credentials_, observer),
        signed_streams_(streams_, *credentials_, observer),
        client_(signed_requests_, clock) {}

  Client& client() { return client_; }
  Http& streams() { return signed_streams_; }

 private:
  CurlHttp requests_;
  CurlHttp streams_;
  std::unique_ptr<Credentials> credentials_;
  AuthenticatedHttp signed_requests_;
  AuthenticatedHttp signed_streams_;
  Client client_;
};

}  // namespace sandboxlet::kube
