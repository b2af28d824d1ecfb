#pragma once

#include <nlohmann/json.hpp>

namespace sandboxlet::network {

// An object's member of that name; null where there is none, or no object.
inline const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

}  // namespace sandboxlet::network
