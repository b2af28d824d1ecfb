#include "cli/connection.h"

#include <grpcpp/create_channel.h>
#include <unistd.h>

#include <cstdlib>

namespace sandboxlet::cli {

namespace {

constexpr char kDefaultSocket[] = "/run/sandboxlet/sandboxlet.sock";

Code code_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return Code::kNotFound;
    case grpc::StatusCode::INVALID_ARGUMENT:
      return Code::kInvalidArgument;
    case grpc::StatusCode::UNAVAILABLE:
      return Code::kUnavailable;
    default:
      return Code::kInternal;
  }
}

// A list may be as long as it is: the agent is trusted with its own users.
std::shared_ptr<grpc::Channel> open_channel(const std::string& socket) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

std::string default_socket() {
  const char* const told = std::getenv("SANDBOXLET_SOCKET");
  return told != nullptr && *told != '\0' ? told : kDefaultSocket;
}

Connection::Connection(std::string socket)
    : socket_(std::move(socket)),
      channel_(open_channel(socket_)),
      stub_(pb::Sandboxlet::NewStub(channel_)) {}

void Connection::connect() {
  constexpr auto kLongEnough = std::chrono::milliseconds(500);
  channel_->WaitForConnected(std::chrono::system_clock::now() + kLongEnough);
}

Result<> Connection::check(const grpc::Status& status) const {
  if (status.ok()) return {};
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) {
    return Error(code_of(status.error_code()), status.error_message());
  }
  std::string why = "no agent answers on " + socket_;
  if (access(socket_.c_str(), F_OK) != 0) {
    why += ": " + errno_error("socket").message().substr(8);
    why += "\nIs sandboxlet running? Say where with --socket or SANDBOXLET_SOCKET.";
  } else if (access(socket_.c_str(), W_OK) != 0) {
    why += ": permission denied\nThe socket is for root, or for the group that socketGroup names.";
  } else {
    why += "\nThe socket is there but nobody listens: is sandboxlet running?";
  }
  return Error(Code::kUnavailable, why);
}

}  // namespace sandboxlet::cli
