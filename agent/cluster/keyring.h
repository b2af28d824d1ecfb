#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::agent {

// The credentials of pull secrets, by the registries and repositories that they are for (kubelet:
// pkg/credentialprovider, BasicDockerKeyring). Pure; its errors hold nothing that is secret.
class Keyring {
 public:
  using AuthConfig = ::runtime::v1::AuthConfig;

  // A core/v1 Secret of type kubernetes.io/dockerconfigjson, or of the older kubernetes.io/
  // dockercfg; one of another type adds nothing.
  Result<> add(const nlohmann::json& secret);

  // All that match the image's repository, those for longer paths first.
  std::vector<AuthConfig> lookup(std::string_view image) const;

 private:
  Result<> add_entries(const nlohmann::json& entries);

  // By "host[:port][/path]", whose host may have globs: the longest of a beginning first.
  std::map<std::string, std::vector<AuthConfig>, std::greater<>> entries_;
};

// "busybox:1" is "docker.io/library/busybox": with its registry, without tag and digest
// (distribution/reference: ParseNormalizedNamed).
std::string repository_of(std::string_view image);

}  // namespace sandboxlet::agent
