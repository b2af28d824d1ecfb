#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace sandboxlet::api {

// What to say of a field that a manifest has and our structs do not. parent is the path of its
// object ("spec.podTemplate.spec.containers[2]"). Nothing where the value asks for nothing:
// Kubernetes' own default for it, or what is unset. What the server owns is passed over.
std::optional<std::string> refuse_field(const std::string& parent, std::string_view name,
                                        const nlohmann::json& value);

}  // namespace sandboxlet::api
