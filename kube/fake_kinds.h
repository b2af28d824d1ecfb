#pragma once

#include <string>
#include <vector>

#include "kube/resource.h"

namespace sandboxlet::kube {

// A kind of object that a FakeApiServer knows.
struct FakeKind {
  Resource resource;
  // "Sandbox".
  const char* name;
  // Fields that lists and watches can select by, besides name and namespace.
  std::vector<std::string> selectable;
};

// "/apis/agents.x-k8s.io/v1beta1/sandboxes".
std::string fake_collection(const ObjectRef& ref);
// nullptr where it is not known.
const FakeKind* find_fake_kind(const std::string& collection);
// "agents.x-k8s.io/v1beta1".
std::string api_version(const Resource& resource);

}  // namespace sandboxlet::kube
