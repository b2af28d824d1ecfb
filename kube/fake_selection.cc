#include "kube/fake_selection.h"

#include <algorithm>

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

// One of a selector's requirements.
struct Requirement {
  std::string key;
  bool equal = true;
  // None: that the key is there.
  std::optional<std::string> value;
};

Requirement parse_one(const std::string& text) {
  const size_t sign = text.find('=');
  if (sign == text.npos) return {text, true, std::nullopt};
  const bool unequal = sign > 0 && text[sign - 1] == '!';
  const size_t value = text.find_first_not_of('=', sign);
  return {text.substr(0, unequal ? sign - 1 : sign), !unequal,
          value == text.npos ? "" : text.substr(value)};
}

std::vector<Requirement> parse(const std::string& selector) {
  std::vector<Requirement> all;
  for (size_t begin = 0; begin < selector.size();) {
    const size_t end = std::min(selector.find(',', begin), selector.size());
    all.push_back(parse_one(selector.substr(begin, end - begin)));
    begin = end + 1;
  }
  return all;
}

bool holds(const Requirement& requirement, const std::optional<std::string>& actual) {
  if (!requirement.value) return actual.has_value();
  return (actual == requirement.value) == requirement.equal;
}

// What is not there is empty (apiextensions: selectable fields).
std::string field(const Json& object, std::string path) {
  std::replace(path.begin(), path.end(), '.', '/');
  return object.value(Json::json_pointer("/" + path), "");
}

std::optional<std::string> label(const Json& object, const std::string& key) {
  const Json labels = object.value(Json::json_pointer("/metadata/labels"), Json::object());
  if (!labels.contains(key)) return std::nullopt;
  return labels[key].get<std::string>();
}

}  // namespace

bool is_selected(const FakeSelection& selection, const Json& object) {
  if (!selection.namespace_.empty() &&
      field(object, "metadata.namespace") != selection.namespace_) {
    return false;
  }
  const auto fields = parse(selection.field_selector);
  const auto labels = parse(selection.label_selector);
  return std::all_of(fields.begin(), fields.end(),
                     [&](const auto& one) { return holds(one, field(object, one.key)); }) &&
         std::all_of(labels.begin(), labels.end(),
                     [&](const auto& one) { return holds(one, label(object, one.key)); });
}

std::optional<std::string> unsupported_field(const FakeSelection& selection,
                                             const std::vector<std::string>& declared) {
  for (const auto& one : parse(selection.field_selector)) {
    const bool known = one.key == "metadata.name" || one.key == "metadata.namespace" ||
                       std::find(declared.begin(), declared.end(), one.key) != declared.end();
    if (!known) return one.key;
  }
  return std::nullopt;
}

}  // namespace sandboxlet::kube
