#include "tests/simulation/life.h"

namespace sandboxlet::simulation {

Life::Life(Machine& machine, Desired& desired)
    : machine_(machine),
      desired_(desired),
      parts_(machine, loop_),
      manager_(parts_.manager_context(*this)) {
  loop_.clock().advance(machine.clock().now() - loop_.clock().now());
  for (const auto& [uid, sandbox] : desired_) manager_.want(sandbox);
  manager_.start();
}

// Awaited calls go first: their frames need a loop to be destroyed on.
Life::~Life() { machine_.runtime().client_died(/*finish=*/true); }

void Life::status_changed(const api::Sandbox& sandbox) {
  desired_.at(sandbox.metadata.uid).status = sandbox.status;
}

void Life::operation(const api::Sandbox&, const agent::OperationRecord& record) {
  operations_.push_back(record.kind + (record.error == nullptr ? "" : "!"));
}

void Life::finished(const api::Sandbox& sandbox) { desired_.erase(sandbox.metadata.uid); }

}  // namespace sandboxlet::simulation
