#include <cstdlib>

#include "kube/cluster_config.h"
#include "kube/file.h"

namespace sandboxlet::kube {

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<ClusterConfig> in_cluster_config(const std::string& root) {
  std::string host = variable("KUBERNETES_SERVICE_HOST");
  const std::string port = variable("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return Error(Code::kNotFound,
                 "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be "
                 "set, or a kubeconfig be named");
  }
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  ClusterConfig config;
  config.server = "https://" + host + ":" + port;
  config.token_file = root + "/token";
  TRY(config.ca, read_file(root + "/ca.crt"));
  TRY(config.namespace_, read_file(root + "/namespace"));
  // That it is there is known now, not with the first call.
  TRY(const std::string token, read_file(config.token_file));
  if (token.empty()) return Error(Code::kInvalidArgument, config.token_file + ": empty");
  return config;
}

Result<ClusterConfig> cluster_config(const std::string& name) {
  return name == "in-cluster" ? in_cluster_config() : load_kubeconfig(name);
}

}  // namespace sandboxlet::kube
