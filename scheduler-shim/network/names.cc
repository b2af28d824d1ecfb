#include "scheduler-shim/network/names.h"

namespace sandboxlet::network {

std::string slice_name(const std::string& service, std::string_view family) {
  return service + (family == "IPv6" ? "-ipv6" : "-ipv4");
}

}  // namespace sandboxlet::network
