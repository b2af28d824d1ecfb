#include "agent/traffic/port_range.h"

#include <fstream>

#include "agent/traffic/network_namespace.h"

namespace sandboxlet::agent {

Result<PortRange> ephemeral_ports(const UniqueFd& network) {
  PortRange ports;
  // /proc/sys/net shows the network of the thread that looks.
  CHECK_OK(in_network_namespace(network, [&]() -> Result<> {
    constexpr char kPath[] = "/proc/sys/net/ipv4/ip_local_port_range";
    std::ifstream file(kPath);
    if (file >> ports.first >> ports.last) return {};
    return Error(Code::kInternal, std::string("cannot read ") + kPath);
  }));
  return ports;
}

}  // namespace sandboxlet::agent
