#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "proto/sandboxlet/v1/sandboxlet.grpc.pb.h"

namespace sandboxlet::cli {

namespace pb = ::sandboxlet::v1;

// What kubectl says by the exit code: done, refused or failed, wrong usage.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

// The agent behind its unix socket. An error of connecting says where it looked and what to do.
class Connection {
 public:
  explicit Connection(std::string socket);

  // Connects now, so that the next call's time is its own. Fails as that call would.
  void connect();
  pb::Sandboxlet::Stub& agent() { return *stub_; }
  // Nothing where the status is OK.
  Result<> check(const grpc::Status& status) const;

 private:
  const std::string socket_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<pb::Sandboxlet::Stub> stub_;
};

// Where sandboxctl looks unless it is told: SANDBOXLET_SOCKET, or the agent's default.
std::string default_socket();

}  // namespace sandboxlet::cli
