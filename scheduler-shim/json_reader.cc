#include "scheduler-shim/json_reader.h"

#include <algorithm>
#include <limits>

namespace sandboxlet::scheduler {

const Json* JsonReader::find(const Json& in, std::string_view name, Json::value_t type,
                             std::string_view what) {
  const auto found = in.find(name);
  if (found == in.end() || found->is_null()) return nullptr;
  if (found->type() == type) return &*found;
  fail(name, std::string("must be ").append(what));
  return nullptr;
}

bool JsonReader::has(const Json& in, std::string_view name) const {
  const auto found = in.find(name);
  return found != in.end() && !found->is_null();
}

std::string JsonReader::text(const Json& in, std::string_view name) {
  const Json* value = find(in, name, Json::value_t::string, "a string");
  return value == nullptr ? std::string() : value->get_ref<const std::string&>();
}

bool JsonReader::boolean(const Json& in, std::string_view name) {
  const Json* value = find(in, name, Json::value_t::boolean, "a boolean");
  return value != nullptr && value->get<bool>();
}

int32_t JsonReader::integer(const Json& in, std::string_view name, int32_t absent) {
  if (!has(in, name)) return absent;
  const Json& value = *in.find(name);
  if (!value.is_number_integer()) {
    fail(name, "must be an integer");
    return absent;
  }
  const auto number = value.get<int64_t>();
  // What does not fit comes out of the unsigned type as something that does not fit either.
  if (number < std::numeric_limits<int32_t>::min() ||
      number > std::numeric_limits<int32_t>::max()) {
    fail(name, "must be an integer of 32 bits");
    return absent;
  }
  return static_cast<int32_t>(number);
}

size_t JsonReader::word(const Json& in, std::string_view name,
                        const std::vector<std::string_view>& words) {
  const std::string value = text(in, name);
  if (value.empty()) return 0;
  const auto found = std::find(words.begin(), words.end(), value);
  if (found != words.end()) return static_cast<size_t>(found - words.begin());
  fail(name, "unknown value \"" + value + "\"");
  return 0;
}

std::vector<std::string> JsonReader::texts(const Json& in, std::string_view name) {
  std::vector<std::string> all;
  const Json* list = find(in, name, Json::value_t::array, "a list");
  if (list == nullptr) return all;
  for (const Json& element : *list) {
    if (!element.is_string()) {
      fail(name, "must be a list of strings");
      return {};
    }
    all.push_back(element.get_ref<const std::string&>());
  }
  return all;
}

api::StringMap JsonReader::text_map(const Json& in, std::string_view name) {
  api::StringMap all;
  object(in, name, [&](const Json& entries) {
    for (const auto& [key, value] : entries.items()) all[key] = text(entries, key);
  });
  return all;
}

api::StringMap JsonReader::quantities(const Json& in, std::string_view name) {
  api::StringMap all;
  object(in, name, [&](const Json& entries) {
    for (const auto& [key, value] : entries.items()) {
      // Manifests may have numbers.
      all[key] = value.is_number() ? value.dump() : text(entries, key);
    }
  });
  return all;
}

void JsonReader::fail(std::string_view name, std::string_view message) {
  if (error_) return;
  std::string path;
  const auto append = [&path](std::string_view step) {
    if (step.empty()) return;
    if (!path.empty()) path += '.';
    path += step;
  };
  for (const Step& step : path_) {
    append(step.name);
    if (step.index) path += '[' + std::to_string(*step.index) + ']';
  }
  append(name);
  if (!path.empty()) path += ": ";
  error_.emplace(Code::kInvalidArgument, path.append(message));
}

}  // namespace sandboxlet::scheduler
