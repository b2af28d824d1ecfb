#include "agent/server/local_server.h"

#include <grp.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

// A manifest and something around it; a larger message is refused before it is read.
constexpr int kMaxMessage = 4 * 1024 * 1024;
// What all connections together may hold before gRPC slows and refuses them.
constexpr size_t kMaxMemory = size_t{32} << 20;
// Calls beyond these wait for one to end.
constexpr int kMaxThreads = 256;

Result<> check_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return Error(Code::kInvalidArgument,
                 "socket: " + path + " is longer than a socket's path may be");
  }
  path.copy(address.sun_path, path.size());
  const UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return Error(Code::kFailedPrecondition, "another process listens on " + path);
  }
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
    return Error(Code::kFailedPrecondition, path + " is there and is no socket");
  }
  return {};
}

Result<> give_to_group(const std::string& path, const std::string& name) {
  if (name.empty()) return {};
  const group* const found = getgrnam(name.c_str());
  if (found == nullptr) return Error(Code::kInvalidArgument, "no group \"" + name + "\"");
  if (chown(path.c_str(), 0, found->gr_gid) != 0) return errno_error("chown " + path);
  if (chmod(path.c_str(), 0660) != 0) return errno_error("chmod " + path);
  return {};
}

}  // namespace

Result<std::unique_ptr<LocalServer>> LocalServer::start(SocketOptions options,
                                                        ServiceContext context) {
  std::unique_ptr<LocalServer> server(new LocalServer(std::move(options), std::move(context)));
  CHECK_OK(server->listen());
  return server;
}

Result<> LocalServer::listen() {
  CHECK_OK(check_socket(options_.path));
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(options_.path).parent_path(), error);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + options_.path, grpc::InsecureServerCredentials());
  builder.RegisterService(&service_);
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  grpc::ResourceQuota quota("local");
  builder.SetResourceQuota(quota.SetMaxThreads(kMaxThreads).Resize(kMaxMemory));
  const mode_t before = umask(0177);
  server_ = builder.BuildAndStart();
  umask(before);
  if (!server_) return Error(Code::kInternal, "cannot listen on " + options_.path);
  return give_to_group(options_.path, options_.group);
}

LocalServer::~LocalServer() {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  unlink(options_.path.c_str());
}

}  // namespace sandboxlet::agent
