#pragma once

#include <optional>
#include <string>

#include "agent/source/source.h"
#include "agent/source/store.h"

namespace sandboxlet::agent {

// Desired Sandboxes of a node without a cluster: they come over the local socket and are kept in
// the store. What the API server does for objects is done here: uid, generation, resourceVersion,
// deletion, conflicts, watches. Belongs to the core thread.
class LocalSource final : public Source {
 public:
  LocalSource(Store& store, Clock& clock, EventLog& events, std::string node_name);

  Result<> start(Manager& manager) override;
  Task<Result<Applied>> apply(api::Sandbox sandbox, bool dry_run, bool keep_suspension) override;
  Task<Result<>> remove(Ref ref, std::optional<int64_t> grace_seconds, bool wait) override;

 private:
  void status_changed(const api::Sandbox& sandbox) override;
  void finished(const api::Sandbox& sandbox) override;

  Task<Result<std::shared_ptr<Actor>>> change(Ref ref, Edit edit, std::string cause) override;
  Task<Result<Applied>> create(api::Sandbox sandbox, bool dry_run);
  Task<Result<Applied>> configure(api::Sandbox sandbox, bool dry_run, bool keep_suspension);
  Task<Result<>> commit(api::Sandbox sandbox, std::string cause);
  Task<void> forget(std::string uid);

  Store& store_;
  EventLog& events_;
  const std::string node_name_;
  // A second writer would overtake the first on its way to the disk.
  NameQueue writers_;
};

}  // namespace sandboxlet::agent
