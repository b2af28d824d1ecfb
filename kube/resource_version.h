#pragma once

#include <string_view>

namespace sandboxlet::kube {

// Whether one resourceVersion is newer than another of the same kind (apimachinery:
// util/resourceversion). Anything is newer than none.
inline bool is_newer(std::string_view version, std::string_view than) {
  if (version.size() != than.size()) return version.size() > than.size();
  return version > than;
}

}  // namespace sandboxlet::kube
