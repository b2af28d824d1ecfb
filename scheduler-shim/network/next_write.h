#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kube/resource.h"
#include "scheduler-shim/network/owned.h"
#include "scheduler-shim/network/route.h"

namespace sandboxlet::network {

// What stands in the way of an object of a Sandbox, by "Service box-service". It is not tried again
// before the next pass.
using Refusals = std::map<std::string, std::string>;
// "Service box-service: exists and ...", "; " between them.
std::string text_of(const Refusals& refusals);

// All that decides how a Sandbox is reached.
struct Situation {
  const Reach& reach;
  const Owned& owned;
  const Refusals& refusals;
  // Nothing while not all of them are known: status waits for them.
  std::optional<std::vector<RouteStatus>> routes;
  // "cluster.local".
  const std::string& cluster_domain;
  // Its binding is expected: a status that came between would have to be bound over anew.
  bool is_being_bound = false;
};

enum class WriteKind { kCreate, kPatch, kRemove, kStatus };

// One request that the Sandbox needs next.
// clang-tidy 14 takes the assertions in Json's noexcept move for throws.
struct Write {  // NOLINT(bugprone-exception-escape)
  WriteKind kind = WriteKind::kStatus;
  kube::ObjectRef ref;
  // kCreate: the object; kPatch, kStatus: a merge patch.
  Json body;
  // kPatch, kRemove: of the object that is meant.
  std::string uid;
};

// "Service box-service": what a refusal goes by.
std::string subject_of(const kube::ObjectRef& ref);

// The Services of the Sandbox that are there for it: by name, the headless one first.
std::vector<const KnownService*> standing_services(const Situation& now);

// The first thing to write; nothing where all is as it should be. Services come first, then the
// slices of those that stand, then what status says of both. Pure. Status goes over the version
// that was seen; the others name a uid, and none touches an object that the Sandbox does not
// control.
std::optional<Write> next_write(const Situation& now);

}  // namespace sandboxlet::network
