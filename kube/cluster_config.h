#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sandboxlet::kube {

// A program that answers credentials (client.authentication.k8s.io/v1).
struct ExecPlugin {
  std::string command;
  std::vector<std::string> args;
  // Besides the agent's own environment.
  std::vector<std::pair<std::string, std::string>> env;
  // Told to who reads that the program is not there.
  std::string install_hint;
  bool provide_cluster_info = false;
};

// How an API server is reached, and who one is to it. Plain data; holds secrets, and is not to be
// logged.
struct ClusterConfig {
  // "https://10.0.0.1:6443", and what path it serves below.
  std::string server;
  // PEM; empty: the machine's own authorities.
  std::string ca;
  bool skip_verify = false;
  // PEM; empty: none.
  std::string client_certificate;
  std::string client_key;
  // At most one of these; a file is read again while the client lives.
  std::string token;
  std::string token_file;
  std::optional<ExecPlugin> exec;
  // Empty: "default".
  std::string namespace_;
};

// A kubeconfig as kubectl reads it, one context of it (the current one where none is named). What
// it asks for and this client cannot do is an error with the field's path.
Result<ClusterConfig> load_kubeconfig(const std::string& path, const std::string& context = "");

// What a pod is given (client-go: rest.InClusterConfig). kNotFound outside of one.
Result<ClusterConfig> in_cluster_config(
    const std::string& root = "/var/run/secrets/kubernetes.io/serviceaccount");

// By what a user names it: "in-cluster", or the path of a kubeconfig.
Result<ClusterConfig> cluster_config(const std::string& name);

}  // namespace sandboxlet::kube
