#include "kube/fields.h"

#include <algorithm>

#include "base/quantity.h"

namespace sandboxlet::kube {

using Json = nlohmann::json;

Json json_at(const Json& object, const std::string& path) {
  const Json::json_pointer pointer(path);
  return object.contains(pointer) ? object[pointer] : Json();
}

std::string text_at(const Json& object, const std::string& path) {
  const Json::json_pointer pointer(path);
  if (!object.contains(pointer)) return "";
  const Json& value = object[pointer];
  return value.is_string() ? value.get<std::string>() : "";
}

std::vector<std::string> texts_at(const Json& object, const std::string& path) {
  std::vector<std::string> texts;
  const Json values = json_at(object, path);
  if (!values.is_array()) return texts;
  for (const Json& value : values) {
    if (value.is_string()) texts.push_back(value);
  }
  return texts;
}

namespace {

std::string entry(const Json& object, const std::string& map, const std::string& key) {
  const Json entries = json_at(object, map);
  const auto found = entries.find(key);
  return found != entries.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::string annotation(const Json& object, const std::string& key) {
  return entry(object, "/metadata/annotations", key);
}

std::string label(const Json& object, const std::string& key) {
  return entry(object, "/metadata/labels", key);
}

bool has_finalizer(const Json& object, const std::string& finalizer) {
  const auto all = texts_at(object, "/metadata/finalizers");
  return std::find(all.begin(), all.end(), finalizer) != all.end();
}

int64_t bytes_of(const std::string& quantity) {
  const auto parsed = Quantity::parse(quantity);
  return parsed ? parsed->value() : 0;
}

}  // namespace sandboxlet::kube
