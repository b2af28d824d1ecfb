#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "kube/resource.h"

namespace sandboxlet::scheduler {

// Who a Sandbox is, for as long as it is worked on.
struct SandboxRef {
  std::string namespace_;
  std::string name;
  std::string uid;
};

SandboxRef sandbox_ref(const nlohmann::json& sandbox);

// Where the API server has it; its uid is to be held against what is there.
kube::ObjectRef object_ref(const SandboxRef& sandbox, std::string_view subresource = {});

// The Sandbox as a controller of what is its own, which goes with it.
nlohmann::json owner_reference(const SandboxRef& sandbox);

// The merge patch of its status over that version of that object: what comes between is a conflict.
nlohmann::json status_over(const std::string& uid, const std::string& version,
                           nlohmann::json status);
// Over the version that this is.
nlohmann::json status_over(const nlohmann::json& sandbox, nlohmann::json status);

}  // namespace sandboxlet::scheduler
