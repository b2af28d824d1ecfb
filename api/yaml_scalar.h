#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace sandboxlet::api {

// What a scalar of a manifest is in JSON. A whole number is an integer, however it was written.
using YamlValue = std::variant<std::nullptr_t, bool, int64_t, uint64_t, double, std::string>;

// The value of a plain scalar, as the YAML that kubectl and the API server read has it
// (sigs.k8s.io/yaml on go.yaml.in/yaml/v2: YAML 1.1 but for base 60): "on" and "y" are true, "0755"
// and "0o755" are 493, "1_000" is 1000; a date is a string. Refuses .inf and .nan: JSON has none.
Result<YamlValue> resolve_plain(const std::string& text);

// The value of a scalar with a tag as yaml-cpp gives it: "?" for a plain one, "!" for a quoted one,
// else the tag written. Tags nobody knows mean a string.
Result<YamlValue> resolve_scalar(std::string_view tag, const std::string& text);

}  // namespace sandboxlet::api
