#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sandboxlet::api {

// One object of a manifest file, as JSON in one line, and the line where it begins.
struct Manifest {
  std::string json;
  int line = 0;
};

inline constexpr size_t kMaxManifestBytes = size_t{16} * 1024 * 1024;

// The objects of a file as kubectl takes it: YAML or JSON, several documents ("---", "..."), Lists
// taken apart, empty documents left out. What the objects say is not looked at (admit.h).
Result<std::vector<Manifest>> read_manifests(std::string_view text);

}  // namespace sandboxlet::api
