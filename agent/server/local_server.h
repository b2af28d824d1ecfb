#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "agent/server/service.h"

namespace sandboxlet::agent {

// Where the local API listens and who may connect.
struct SocketOptions {
  std::string path;
  // 0600 for root alone; with a group, 0660 for it.
  std::string group;
};

// The local API on a unix socket, on gRPC's own threads. Destroying it ends what is under way.
class LocalServer {
 public:
  // kFailedPrecondition where another process answers on the socket; one that nobody answers on is
  // replaced.
  static Result<std::unique_ptr<LocalServer>> start(SocketOptions options, ServiceContext context);
  ~LocalServer();

 private:
  LocalServer(SocketOptions options, ServiceContext context)
      : options_(std::move(options)), service_(std::move(context)) {}
  Result<> listen();

  const SocketOptions options_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace sandboxlet::agent
