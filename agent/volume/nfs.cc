#include "agent/volume/nfs.h"

#include "base/command.h"

namespace sandboxlet::agent {

namespace {

std::string share_of(const Nfs& source) {
  const bool is_ipv6 = source.server.find(':') != std::string::npos && source.server[0] != '[';
  return (is_ipv6 ? "[" + source.server + "]" : source.server) + ":" + source.path;
}

std::string options_of(const Nfs& source) {
  std::string options = source.read_only ? "ro" : "rw";
  for (const std::string& option : source.mount_options) options.append(",").append(option);
  return options;
}

}  // namespace

Result<> mount_nfs(const Nfs& source, const std::string& point) {
  // Whatever a share is called, it is not taken for an option.
  const auto mounted =
      run_command({"mount", "-t", "nfs", "-o", options_of(source), "--", share_of(source), point});
  if (!mounted) return mounted.error().wrap("nfs " + share_of(source));
  return {};
}

}  // namespace sandboxlet::agent
