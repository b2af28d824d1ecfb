#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduler-shim/network/endpoint_slice.h"

namespace sandboxlet::network {

// What the API server has that a Sandbox controls.
struct Owned {
  // As its objects name it.
  scheduler::SandboxRef sandbox;
  std::vector<KnownService> services;
  std::vector<KnownSlice> slices;

  // nullptr where there is none of that name.
  const KnownService* service(const std::string& name) const;
  const KnownSlice* slice(const std::string& name) const;
};

// The Sandbox that controls an object; its uid is empty where none does.
scheduler::SandboxRef controller_of(const Json& object);

// Services and EndpointSlices of all Sandboxes, by the uid of who controls them; what no Sandbox
// does is not taken in. Older versions than are known are passed over, as each write's answer comes
// before the watch has it. Belongs to the core thread.
class OwnedIndex {
 public:
  // All answer the uid of the Sandbox that it is about; empty where that is none.
  std::string set_service(const Json& object);
  std::string set_slice(const Json& object);
  // The object of that uid is gone.
  std::string remove(const std::string& uid);

  // Without anything, where it controls nothing.
  const Owned& of(const std::string& sandbox_uid) const;
  bool contains(const std::string& sandbox_uid) const { return owned_.contains(sandbox_uid); }
  std::vector<std::string> sandboxes() const;

 private:
  template <class Known>
  std::string set(const Json& object, std::vector<Known> Owned::*list, Known known);

  std::unordered_map<std::string, Owned> owned_;
  // By the objects' own uids.
  std::unordered_map<std::string, std::string> owners_;
};

}  // namespace sandboxlet::network
