#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "scheduler-shim/controller.h"
#include "scheduler-shim/volume_index.h"

namespace sandboxlet::storage {

using Json = nlohmann::json;

// Follows claims, volumes and storage classes into the index that decisions are made from. Outlives
// whoever listens. Belongs to the core thread.
class VolumeWatch {
 public:
  // A claim has changed, or what is known of its volume has; empty: none that has a name. wakes are
  // what else it may help.
  using Changed = std::function<void(const std::string& claim, scheduler::Wakes wakes)>;

  explicit VolumeWatch(const scheduler::ControllerContext& context);

  void listen(Changed changed, std::function<void()> synced);
  // Whether all there is has been told.
  Result<> ready() const { return scheduler::have_synced(informers_); }
  scheduler::VolumeIndex& index() { return index_; }
  const scheduler::VolumeIndex& index() const { return index_; }

  // What a write or a read has answered: before the watch has it, and passed over where that was
  // faster.
  void set_claim(const Json& claim);
  void set_volume(const Json& volume);
  // A planned claim is not coming.
  void give_up(const std::string& claim);
  // Of a claim that cannot be made: why.
  void refuse(const std::string& claim, const std::string& why);

 private:
  void follow(kube::Resource resource, kube::Informer::Key key,
              std::function<void(const Json& object)> set,
              std::function<void(const std::string& key)> remove);
  void set_class(const Json& storage_class);
  void remove_claim(const std::string& uid);
  void remove_volume(const std::string& name);
  void changed(const std::string& claim, scheduler::Wakes wakes);

  const scheduler::ControllerContext context_;
  scheduler::VolumeIndex index_;
  // Claims by their uids.
  std::unordered_map<std::string, std::string> claims_;
  std::vector<std::pair<Changed, std::function<void()>>> listeners_;
  scheduler::Informers informers_;
};

}  // namespace sandboxlet::storage
