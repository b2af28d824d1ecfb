#pragma once

#include "base/work_queue.h"
#include "scheduler-shim/controller.h"
#include "scheduler-shim/expiry.h"
#include "scheduler-shim/sandbox_ref.h"

namespace sandboxlet::scheduler {

// Deletes Sandboxes whose time is over, and lets go of deleted ones that no agent watches.
class Reaper final : public Controller {
 public:
  explicit Reaper(const ControllerContext& context);
  void set(const nlohmann::json& sandbox) override;
  void remove(const std::string& uid) override;

 private:
  void set_expiry(const nlohmann::json& sandbox);
  void set_release(const nlohmann::json& sandbox);
  void delete_expired();
  Task<Result<>> delete_one(std::string uid);
  Task<Result<>> release_one(std::string uid);

  const ControllerContext context_;
  Expiry expiry_;
  std::map<std::string, SandboxRef> expiring_;
  std::map<std::string, SandboxRef> releasing_;
  std::unique_ptr<Timer> next_expiry_;
  WorkQueue deletions_;
  WorkQueue releases_;
};

}  // namespace sandboxlet::scheduler
