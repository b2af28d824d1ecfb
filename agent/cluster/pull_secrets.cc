#include "agent/cluster/pull_secrets.h"

#include <spdlog/spdlog.h>

#include "agent/cluster/keyring.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

// The only one that a pod here acts as.
constexpr char kServiceAccount[] = "default";

EventText missing(const Names& names) {
  std::string list;
  for (const auto& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return {true, "FailedToRetrieveImagePullSecret",
          "Unable to retrieve some image pull secrets (" + list +
              "); attempting to pull the image may not succeed."};
}

}  // namespace

// ServiceAccount admission copies the account's into a Pod that names none.
Task<Names> PullSecrets::names_for(std::shared_ptr<const api::Sandbox> sandbox) {
  Names names;
  for (const auto& reference : sandbox->spec.podTemplate.spec.imagePullSecrets) {
    if (!reference.name.empty()) names.push_back(reference.name);
  }
  if (!names.empty()) co_return names;
  const kube::ObjectRef ref{kube::kServiceAccounts, sandbox->metadata.namespace_, kServiceAccount,
                            ""};
  const auto account = co_await client_.get(ref);
  if (!account) {
    spdlog::warn("{}/{}: pull secrets: {}", sandbox->metadata.namespace_, sandbox->metadata.name,
                 account.error().message());
    co_return names;
  }
  for (const Json& reference : account->value("imagePullSecrets", Json::array())) {
    names.push_back(reference.value("name", ""));
  }
  co_return names;
}

Task<Result<PullSecrets::Credentials>> PullSecrets::find(
    std::shared_ptr<const api::Sandbox> sandbox, std::string image) {
  const auto& meta = sandbox->metadata;
  Keyring keyring;
  Names lost;
  const Names names = co_await names_for(sandbox);
  for (const std::string& name : names) {
    const kube::ObjectRef ref{kube::kSecrets, meta.namespace_, name, ""};
    const auto secret = co_await client_.get(ref);
    if (secret) {
      CO_CHECK_OK(keyring.add(*secret).wrap("image pull secret \"" + name + "\""));
      continue;
    }
    spdlog::warn("{}/{}: pull secrets: {}", meta.namespace_, meta.name, secret.error().message());
    lost.push_back(name);
  }
  if (!lost.empty()) tell_(meta, missing(lost));
  co_return keyring.lookup(image);
}

}  // namespace sandboxlet::agent
