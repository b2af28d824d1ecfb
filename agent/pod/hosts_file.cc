#include "agent/pod/hosts_file.h"

#include <algorithm>

#include "agent/pod/container_config.h"
#include "agent/pod/pod_sandbox_config.h"

namespace sandboxlet::agent {

std::string hosts_file(const api::Sandbox& sandbox, const std::vector<std::string>& pod_ips) {
  std::string text =
      "# Managed by sandboxlet.\n"
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::0\tip6-localnet\n"
      "fe00::0\tip6-mcastprefix\n"
      "fe00::1\tip6-allnodes\n"
      "fe00::2\tip6-allrouters\n";
  for (const auto& ip : pod_ips) text += ip + "\t" + pod_hostname(sandbox) + "\n";
  return text;
}

bool wants_hosts_file(const api::Container& container) {
  return std::none_of(container.volumeMounts.begin(), container.volumeMounts.end(),
                      [](const api::VolumeMount& mount) { return mount.mountPath == kHostsPath; });
}

}  // namespace sandboxlet::agent
