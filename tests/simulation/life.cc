#include "tests/simulation/life.h"

namespace sandboxlet::simulation {

namespace {

const agent::DeepenAfter kDeepenAfter{{api::Depth::kHibernate, std::chrono::seconds(20)},
                                      {api::Depth::kStop, std::chrono::seconds(50)}};

}  // namespace

Life::Life(Machine& machine, Desired& desired)
    : machine_(machine),
      desired_(desired),
      parts_(machine, loop_),
      manager_(parts_.manager_context(*this, kDeepenAfter)) {
  loop_.clock().advance(machine.clock().now() - loop_.clock().now());
  machine.traffic().listener = [this](const std::string& uid) {
    if (const auto actor = manager_.find(uid)) actor->traffic(machine_.clock().wall());
  };
  for (const auto& [uid, sandbox] : desired_) manager_.want(sandbox);
  manager_.start();
}

// Awaited calls go first: their frames need a loop to be destroyed on.
Life::~Life() {
  machine_.traffic().forget_all();
  machine_.runtime().client_died(/*finish=*/true);
}

void Life::status_changed(const api::Sandbox& sandbox) {
  desired_.at(sandbox.metadata.uid).status = sandbox.status;
  if (on_status) on_status(sandbox);
}

void Life::operation(const api::Sandbox& sandbox, const agent::OperationRecord& record) {
  if (on_operation) on_operation(sandbox, record.kind);
  operations_.push_back(record.kind + (record.error == nullptr ? "" : "!"));
}

// As the source does.
void Life::woken(const api::Sandbox& sandbox, const std::string& cause) {
  api::Sandbox& next = desired_.at(sandbox.metadata.uid);
  next.spec.operatingMode = "Running";
  ++next.metadata.generation;
  manager_.want(next, cause);
}

void Life::finished(const api::Sandbox& sandbox) { desired_.erase(sandbox.metadata.uid); }

}  // namespace sandboxlet::simulation
