#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <string>

#include "agent/claims/next_step.h"
#include "agent/claims/node_storage.h"
#include "agent/claims/provision.h"
#include "agent/volume/local_volumes.h"
#include "agent/volume/volumes.h"
#include "base/work_queue.h"
#include "kube/client.h"
#include "kube/event_recorder.h"

namespace sandboxlet::agent {

// What a LocalProvisioner works with; all of it outlives it.
struct LocalProvisionerContext {
  asio::io_context& io;
  Clock& clock;
  kube::Client& client;
  kube::EventRecorder& events;
  NodeStorage& storage;
  // On this node's disk, and who of its Sandboxes uses them.
  LocalVolumes& volumes;
  const Volumes& sandboxes;
  // For what blocks.
  asio::any_io_executor disk_pool;
  std::string node_name;
};

// Makes the volumes of claims that wait for this node to, grows them, and removes them when their
// claims are gone (external-provisioner's and external-resizer's part). Each volume has one worker
// at a time, which goes by what the API server shows and the disk has: nothing is remembered, so a
// death at any point is made good by the next life. What takes data away is decided by what the API
// server says then. Belongs to the core thread.
class LocalProvisioner {
 public:
  explicit LocalProvisioner(LocalProvisionerContext context);

  // Why that volume could not be made; empty where nothing is known to stand in the way.
  std::string trouble(const std::string& volume) const;

 private:
  using Json = nlohmann::json;

  void begin();
  Task<void> look_at_disk();
  bool is_on_disk(const std::string& volume) const { return on_disk_.contains(volume); }
  Task<Result<>> work(std::string volume);

  // ---- Making
  Task<Result<>> provision(KnownClaim claim);
  // False where the claim is another's to make a volume for.
  Task<Result<bool>> make(KnownClaim claim);
  Task<Result<>> publish(KnownClaim claim, Json object);

  // ---- Growing
  Task<Result<>> expand(KnownVolume volume, KnownClaim claim);
  Task<Result<bool>> grow(KnownVolume volume, KnownClaim claim);
  Task<Result<>> tell_size(KnownClaim claim, int64_t size, bool is_grown);

  // ---- Removing
  Task<Result<>> reclaim(std::string name);
  Task<Result<>> remove_disk(std::string name);
  // Its finalizer goes.
  Task<Result<>> let_go(KnownVolume volume);
  // Of what is on disk and has no PersistentVolume here.
  Task<Result<>> look_around(std::string name);
  Task<Result<bool>> is_wanted(std::string name);

  void tell(const KnownClaim& claim, bool warning, const std::string& reason,
            const std::string& action, const std::string& note);

  const LocalProvisionerContext context_;
  // Volumes that may be on disk, with the claims that they were made for.
  std::map<std::string, ClaimReference> on_disk_;
  // By volume.
  std::map<std::string, std::string> troubles_;
  bool knows_disk_ = false;
  WorkQueue works_;
};

}  // namespace sandboxlet::agent
