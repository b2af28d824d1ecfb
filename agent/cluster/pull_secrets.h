#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/sandbox/event.h"
#include "agent/sandbox/pull_credentials.h"
#include "kube/client.h"

namespace sandboxlet::agent {

// Credentials from the Secrets that a Sandbox names for its pulls, or where it names none its
// service account. They are fetched when a pull is due and kept nowhere. A Secret that cannot be
// had is told in an Event, and the pull is tried without it, as the kubelet does. Belongs to the
// core thread; outlives all calls under way.
class PullSecrets final : public PullCredentials {
 public:
  using Credentials = std::vector<::runtime::v1::AuthConfig>;
  using Tell = std::function<void(const api::ObjectMeta&, const EventText&)>;

  PullSecrets(kube::Client& client, Tell tell) : client_(client), tell_(std::move(tell)) {}

  Task<Result<Credentials>> find(std::shared_ptr<const api::Sandbox> sandbox,
                                 std::string image) override;

 private:
  Task<std::vector<std::string>> names_for(std::shared_ptr<const api::Sandbox> sandbox);

  kube::Client& client_;
  const Tell tell_;
};

}  // namespace sandboxlet::agent
