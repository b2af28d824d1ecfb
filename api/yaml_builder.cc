#include "api/yaml_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/field.h"
#include "api/yaml_scalar.h"

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;

constexpr size_t kMaxDepth = 64;
// What all documents of one text may unfold to, and what a value costs beside its text.
constexpr size_t kMaxWeight = size_t{64} * 1024 * 1024;
constexpr size_t kNodeWeight = 64;

constexpr char kMergeTag[] = "tag:yaml.org,2002:merge";

Json to_json(YamlValue value) {
  return std::visit([](auto&& held) { return Json(std::forward<decltype(held)>(held)); },
                    std::move(value));
}

int line_of(const YAML::Mark& mark) { return mark.line + 1; }

}  // namespace

void YamlBuilder::OnDocumentStart(const YAML::Mark& /*mark*/) {
  if (error_) return;
  anchors_.clear();
  documents_.emplace_back();
}

void YamlBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  add_scalar(mark, anchor, nullptr, kNodeWeight);
}

void YamlBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& text) {
  if (error_) return;
  const bool is_key = !open_.empty() && open_.back().node.value.is_object() && !open_.back().key;
  if (is_key && text == "<<" && (tag == "?" || tag == kMergeTag)) {
    open_.back().key = text;
    open_.back().merges = true;
    return;
  }
  auto value = resolve_scalar(tag, text);
  if (!value) return fail(mark, value.error().message());
  add_scalar(mark, anchor, to_json(*std::move(value)), kNodeWeight + text.size());
}

void YamlBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (error_) return;
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) return fail(mark, "an alias stands inside what it means");
  note_line(mark);
  if (spend(found->second.weight)) add(mark, found->second);
}

void YamlBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
                                  YAML::anchor_t anchor, YAML::EmitterStyle::value /*style*/) {
  start(mark, anchor, Json::array());
}

void YamlBuilder::OnSequenceEnd() { end(); }

void YamlBuilder::OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/,
                             YAML::anchor_t anchor, YAML::EmitterStyle::value /*style*/) {
  start(mark, anchor, Json::object());
}

void YamlBuilder::OnMapEnd() { end(); }

void YamlBuilder::start(const YAML::Mark& mark, YAML::anchor_t anchor, Json empty) {
  if (error_) return;
  if (open_.size() == kMaxDepth) return fail(mark, "is nested too deeply");
  note_line(mark);
  if (!spend(kNodeWeight)) return;
  Frame& frame = open_.emplace_back();
  frame.node = {std::move(empty), kNodeWeight};
  frame.anchor = anchor;
  frame.mark = mark;
}

void YamlBuilder::end() {
  if (error_) return;
  Frame frame = std::move(open_.back());
  open_.pop_back();
  remember(frame.anchor, frame.node);
  add(frame.mark, std::move(frame.node));
}

void YamlBuilder::add_scalar(const YAML::Mark& mark, YAML::anchor_t anchor, Json value,
                             size_t weight) {
  if (error_) return;
  note_line(mark);
  if (!spend(weight)) return;
  Node node{std::move(value), weight};
  remember(anchor, node);
  add(mark, std::move(node));
}

void YamlBuilder::add(const YAML::Mark& mark, Node node) {
  if (error_) return;
  if (open_.empty()) {
    documents_.back().value = std::move(node.value);
    return;
  }
  Frame& into = open_.back();
  into.node.weight += node.weight;
  if (into.node.value.is_array()) {
    into.node.value.push_back(std::move(node.value));
  } else {
    add_to_map(mark, into, std::move(node));
  }
}

void YamlBuilder::add_to_map(const YAML::Mark& mark, Frame& map, Node node) {
  if (!map.key) return take_key(mark, map, node.value);
  if (map.merges) {
    merge(mark, map, node.value);
  } else {
    map.node.value[*map.key] = std::move(node.value);
  }
  map.key.reset();
  map.merges = false;
}

// Keys are strings in JSON; Kubernetes writes out true, false and whole numbers.
void YamlBuilder::take_key(const YAML::Mark& mark, Frame& map, const Json& key) {
  std::string name;
  if (key.is_string()) {
    name = key.get<std::string>();
  } else if (key.is_boolean() || key.is_number_integer()) {
    name = key.dump();
  } else {
    return fail(mark, "a key must be a string: put it in quotes");
  }
  // What a merge has set may be set anew, once.
  if (map.node.value.contains(name) && map.merged.erase(name) == 0) {
    return fail(mark, fmt::format("key {} stands twice", quote(name)));
  }
  map.key = std::move(name);
}

void YamlBuilder::merge(const YAML::Mark& mark, Frame& map, const Json& from) {
  const auto is_object = [](const Json& one) { return one.is_object(); };
  const Json maps = from.is_array() ? from : Json::array({from});
  if (!std::all_of(maps.begin(), maps.end(), is_object)) {
    return fail(mark, "a merge (<<) takes a map or a list of maps");
  }
  std::set<std::string> merged;
  for (const Json& one : maps) {
    for (const auto& [name, value] : one.items()) {
      // Of several maps the first that has a key counts.
      if (merged.contains(name)) continue;
      if (map.node.value.contains(name)) {
        return fail(mark, fmt::format("key {} stands before the merge (<<) that brings it again: "
                                      "put the merge first",
                                      quote(name)));
      }
      map.node.value[name] = value;
      merged.insert(name);
    }
  }
  map.merged.merge(merged);
}

void YamlBuilder::remember(YAML::anchor_t anchor, const Node& node) {
  if (anchor != 0 && spend(node.weight)) anchors_[anchor] = node;
}

bool YamlBuilder::spend(size_t weight) {
  spent_ += weight;
  if (spent_ <= kMaxWeight) return true;
  if (!error_) error_ = Error(Code::kInvalidArgument, "unfolds to too much");
  return false;
}

void YamlBuilder::note_line(const YAML::Mark& mark) {
  if (open_.empty()) documents_.back().line = line_of(mark);
  if (open_.size() != 2 || !open_[1].node.value.is_array()) return;
  if (open_[0].key == "items") documents_.back().item_lines.push_back(line_of(mark));
}

void YamlBuilder::fail(const YAML::Mark& mark, const std::string& message) {
  if (error_) return;
  error_ = Error(Code::kInvalidArgument, fmt::format("line {}: {}", line_of(mark), message));
}

}  // namespace sandboxlet::api
