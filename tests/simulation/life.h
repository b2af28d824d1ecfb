#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/parts.h"

namespace sandboxlet::simulation {

// The store: Sandboxes by uid, as they are on disk.
using Desired = std::map<std::string, api::Sandbox>;

// One life of an agent on a machine: the real manager, actors and executor, with what blocks on the
// same thread. Destroying it is kill -9: whatever is under way ends where it awaits.
class Life final : private agent::ManagerObserver {
 public:
  // Takes over what the store holds. Both outlive it.
  Life(Machine& machine, Desired& desired);
  ~Life() override;

  ManualLoop& loop() { return loop_; }
  agent::Manager& manager() { return manager_; }
  // Kinds of the actions that ended in this life, "Freeze" and on failure "Freeze!".
  std::vector<std::string>& operations() { return operations_; }
  // Called with each status that is told, and each action that has ended.
  std::function<void(const api::Sandbox&)> on_status;
  std::function<void(const api::Sandbox&, const std::string& kind)> on_operation;

 private:
  void status_changed(const api::Sandbox& sandbox) override;
  void event(const api::Sandbox&, const agent::EventText&) override {}
  void operation(const api::Sandbox& sandbox, const agent::OperationRecord& record) override;
  void passage(const api::Sandbox&, const agent::PassageRecord&) override {}
  void woken(const api::Sandbox& sandbox, const std::string& cause) override;
  void finished(const api::Sandbox& sandbox) override;

  Machine& machine_;
  Desired& desired_;
  ManualLoop loop_;
  Parts parts_;
  agent::Manager manager_;
  std::vector<std::string> operations_;
};

}  // namespace sandboxlet::simulation
