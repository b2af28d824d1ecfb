#include "api/manifest.h"

#include <fmt/format.h>

#include "api/parse_json.h"
#include "api/yaml_json.h"

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;

// JSON is read as JSON: YAML does not have all of its escapes.
bool is_json(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{' && Json::accept(text);
}

Result<std::vector<YamlDocument>> read_json(std::string_view text) {
  std::vector<Finding> findings;
  YamlDocument document{parse_json(text, findings), 1, {}};
  if (findings.empty()) return std::vector{std::move(document)};
  return Error(Code::kInvalidArgument, to_string(findings.front()));
}

// "List" itself or a kind's own, such as SandboxList.
bool is_list(const Json& object) {
  const auto kind = object.find("kind");
  const auto items = object.find("items");
  return kind != object.end() && kind->is_string() && items != object.end() && items->is_array() &&
         kind->get_ref<const std::string&>().ends_with("List");
}

Result<> add(const Json& value, int line, const std::vector<int>& item_lines,
             std::vector<Manifest>& manifests) {
  if (value.is_null()) return {};
  if (!value.is_object()) {
    return Error(Code::kInvalidArgument,
                 fmt::format("line {}: an object is expected, not: {}", line, value.type_name()));
  }
  if (!is_list(value)) {
    manifests.push_back({value.dump(-1, ' ', false, Json::error_handler_t::replace), line});
    return {};
  }
  const Json& items = value["items"];
  for (size_t i = 0; i < items.size(); ++i) {
    CHECK_OK(add(items[i], i < item_lines.size() ? item_lines[i] : line, {}, manifests));
  }
  return {};
}

}  // namespace

Result<std::vector<Manifest>> read_manifests(std::string_view text) {
  if (text.size() > kMaxManifestBytes) {
    return Error(Code::kInvalidArgument,
                 fmt::format("a manifest may not be more than {} bytes", kMaxManifestBytes));
  }
  TRY(const auto documents, is_json(text) ? read_json(text) : yaml_to_json(text));
  std::vector<Manifest> manifests;
  for (const YamlDocument& document : documents) {
    CHECK_OK(add(document.value, document.line, document.item_lines, manifests));
  }
  return manifests;
}

}  // namespace sandboxlet::api
