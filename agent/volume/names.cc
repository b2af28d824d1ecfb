#include "agent/volume/names.h"

namespace sandboxlet::agent {

namespace {

// Leaves room for a prefix in NAME_MAX.
constexpr size_t kLongestName = 240;

}  // namespace

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && name[0] != '.' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
}

Result<> check_name(const std::string& name) {
  if (is_name(name)) return {};
  return Error(Code::kInvalidArgument, "not a name for a directory: \"" + name + "\"");
}

}  // namespace sandboxlet::agent
