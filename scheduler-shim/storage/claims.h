#pragma once

#include <functional>
#include <set>
#include <string>
#include <unordered_map>

#include "base/work_queue.h"
#include "scheduler-shim/claim_users.h"
#include "scheduler-shim/controller.h"
#include "scheduler-shim/storage/next_step.h"
#include "scheduler-shim/storage/volume_watch.h"

namespace sandboxlet::storage {

// Makes Sandboxes' claims of their templates, keeps those in use from going, and sees to it that
// each has a volume on its Sandbox's node. Nothing here deletes a claim: what a Sandbox owns goes
// with it. Each claim has one writer at a time, which asks next_step() what comes next until
// nothing does. Begins to write when all that there is has been told. Belongs to the core thread.
class Claims final : public scheduler::Controller {
 public:
  // What it asks of the scheduler.
  struct Scheduling {
    // The volume that is kept for a claim of a Sandbox on that node, chosen if need be; empty where
    // none is free.
    std::function<std::string(const std::string& claim, const std::string& node)> keep_volume;
    std::function<bool(const std::string& node)> knows_node;
    // The node that a Sandbox is going to be on once its planned claims are there, which is kept
    // for it; empty where that is not known. And: they are not coming.
    std::function<std::string(const std::string& sandbox)> plan;
    std::function<void(const std::string& sandbox)> give_up_plan;
  };

  Claims(const scheduler::ControllerContext& context, VolumeWatch& volumes, Scheduling scheduling);
  void set(const Json& sandbox) override;
  void remove(const std::string& uid) override;
  void synced() override;

 private:
  bool knows_all() const;
  void begin();
  void claim_changed(const std::string& claim);
  void add(const std::set<std::string>& claims);

  Situation situation(const std::string& claim) const;
  // The same, with the volume that is there for it.
  Situation complete_situation(const std::string& claim);
  Task<Result<>> write_all(std::string claim);
  Task<Result<>> perform(std::string claim, StepKind kind);
  Task<Result<>> create(std::string claim);
  // With its node, where that can be known before it is there: then nobody has to write it later.
  Json body_of(const ClaimUser& user, const std::string& claim);
  // Whether the volumes of all that are to be made for it are made on its node.
  bool plan_claims(const ClaimUser& user);
  void give_up_plan(const std::string& sandbox);
  // Of what is written whole: reads the claim, and writes where that is still to be done.
  Task<Result<>> rewrite(std::string claim, StepKind kind);
  Task<Result<>> select_node(std::string claim);
  Task<Result<>> deselect_node(std::string claim);
  Task<Result<>> bind_volume(std::string claim);

  const scheduler::ControllerContext context_;
  VolumeWatch& volumes_;
  const Scheduling scheduling_;
  TemplatePool templates_;
  // By uid: those that have claims.
  std::unordered_map<std::string, ClaimUser> sandboxes_;
  scheduler::ClaimUsers users_;
  // When a claim's node was written last: its provisioner may take that back again and again.
  std::unordered_map<std::string, TimePoint> selected_at_;
  bool knows_sandboxes_ = false;
  WorkQueue writes_;
};

}  // namespace sandboxlet::storage
