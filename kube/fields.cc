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

std::string annotation(const Json& object, const std::string& key) {
  const Json entries = json_at(object, "/metadata/annotations");
  const auto found = entries.find(key);
  return found != entries.end() && found->is_string() ? found->get<std::string>() : "";
}

bool has_finalizer(const Json& object, const std::string& finalizer) {
  const auto all = texts_at(object, "/metadata/finalizers");
  return std::find(all.begin(), all.end(), finalizer) != all.end();
}

Json without_finalizer(const Json& object, const std::string& finalizer) {
  std::vector<std::string> others = texts_at(object, "/metadata/finalizers");
  if (std::erase(others, finalizer) == 0) return nullptr;
  return {{"metadata",
           {{"uid", text_at(object, "/metadata/uid")},
            {"resourceVersion", text_at(object, "/metadata/resourceVersion")},
            {"finalizers", std::move(others)}}}};
}

int64_t bytes_of(const std::string& quantity) {
  const auto parsed = Quantity::parse(quantity);
  return parsed ? parsed->value() : 0;
}

}  // namespace sandboxlet::kube
