#include "agent/traffic/network_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <string>
#include <thread>

namespace sandboxlet::agent {

Result<UniqueFd> open_network_namespace(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
  UniqueFd network(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!network) return errno_error("open " + path);
  return network;
}

Result<bool> is_own_network_namespace(const UniqueFd& network) {
  struct stat own {};
  struct stat other {};
  if (stat("/proc/thread-self/ns/net", &own) != 0) return errno_error("stat the own namespace");
  if (fstat(network.get(), &other) != 0) return errno_error("stat a network namespace");
  return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

Result<> in_network_namespace(const UniqueFd& network, const std::function<Result<>()>& work) {
  Result<> done;
  std::thread([&] {
    done = setns(network.get(), CLONE_NEWNET) == 0 ? work() : errno_error("enter a network");
  }).join();
  return done;
}

Result<UniqueFd> open_socket_in(const UniqueFd& network, int family, int type, int protocol) {
  UniqueFd opened;
  CHECK_OK(in_network_namespace(network, [&]() -> Result<> {
    opened.reset(socket(family, type | SOCK_CLOEXEC, protocol));
    if (!opened) return errno_error("open a socket");
    return {};
  }));
  return opened;
}

}  // namespace sandboxlet::agent
