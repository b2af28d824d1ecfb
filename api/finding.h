#pragma once

#include <cstddef>
#include <string>

namespace sandboxlet::api {

// What is wrong with an object: the field's path ("spec.podTemplate.spec.containers[0].image") and
// why, in the API server's wording.
struct Finding {
  std::string path;
  std::string message;
  bool operator==(const Finding&) const = default;
};

// "spec.pause: Required value", or the message alone where the whole object is meant.
std::string to_string(const Finding& finding);

// Of one object no more findings than these are kept: a hostile one has no end of them.
inline constexpr size_t kMaxFindings = 100;

}  // namespace sandboxlet::api
