#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/cluster/pod_security_admission.h"
#include "agent/cluster/pull_secrets.h"
#include "agent/source/api_source.h"
#include "kube/fake_api_server.h"
#include "tests/simulation/parts.h"

namespace sandboxlet::simulation {

// One life of an agent that takes its Sandboxes from an API server: the real source, store,
// manager, actors and executor, with what blocks on the same thread. Destroying it is kill -9:
// whatever is under way ends where it awaits; what was asked of the runtime and of the API server
// is done none the less, or never.
class ClusterLife {
 public:
  // Takes over what the machine's store holds; its lease was renewed so long ago. All outlive it.
  ClusterLife(Machine& machine, kube::FakeApiServer& server, const std::string& node,
              Duration renewed_ago = {});
  ~ClusterLife();
  ClusterLife(const ClusterLife&) = delete;
  ClusterLife& operator=(const ClusterLife&) = delete;

  void die(bool finish_calls) { finish_calls_ = finish_calls; }

  ManualLoop& loop() { return loop_; }
  agent::Manager& manager() { return *manager_; }
  agent::ApiSource& source() { return *source_; }
  const agent::EventLog& events() const { return events_; }
  // Kinds of the actions that ended in this life.
  std::vector<std::string>& operations() { return operations_; }

 private:
  Machine& machine_;
  kube::FakeApiServer& server_;
  bool finish_calls_ = true;
  ManualLoop loop_;
  kube::Client client_{server_, loop_.clock()};
  agent::PodSecurityAdmission admission_{client_, loop_.clock()};
  agent::PullSecrets secrets_{
      client_, [this](const auto& sandbox, const auto& text) { events_.add(sandbox, text); }};
  Parts parts_{machine_, loop_, &admission_, &secrets_};
  agent::EventLog events_{loop_.clock()};
  std::unique_ptr<agent::Store> store_;
  std::unique_ptr<agent::ApiSource> source_;
  std::unique_ptr<agent::Manager> manager_;
  std::vector<std::string> operations_;
};

}  // namespace sandboxlet::simulation
