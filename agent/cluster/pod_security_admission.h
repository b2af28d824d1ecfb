#pragma once

#include <map>
#include <optional>
#include <string>

#include "agent/sandbox/pod_admission.h"
#include "api/pod_security.h"
#include "base/clock.h"
#include "base/signal.h"
#include "kube/client.h"

namespace sandboxlet::agent {

// Holds each pod that is to start to the level of its namespace. The policies have done so when the
// Sandbox was written, but they may be absent, and the namespace may have got its label since. A
// level is asked for once in 30 s; while the API server is away, what it said last counts. Belongs
// to the core thread; outlives all calls under way.
class PodSecurityAdmission final : public PodAdmission {
 public:
  PodSecurityAdmission(kube::Client& client, Clock& clock) : client_(client), clock_(clock) {}

  Task<Result<>> admit(std::shared_ptr<const api::Sandbox> sandbox, bool ran_before) override;

 private:
  // What is known of a namespace.
  struct Known {
    std::optional<api::PodSecurityLevel> level;
    // Why it could not be asked the last time.
    std::optional<Error> trouble;
    bool is_asked = false;
    TimePoint ask_again{};
  };

  Task<void> ask(std::string namespace_);

  kube::Client& client_;
  Clock& clock_;
  std::map<std::string, Known> known_;
  // Somebody's question has been answered.
  Signal answered_;
};

}  // namespace sandboxlet::agent
