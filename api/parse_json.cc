#include "api/parse_json.h"

#include <set>
#include <stdexcept>
#include <string>

#include "api/field.h"

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;
using Event = Json::parse_event_t;

// Follows the parser and reports each key that its object has already.
class DuplicateWatch {
 public:
  explicit DuplicateWatch(std::vector<Finding>& findings) : findings_(findings) {}

  void see(Event event, const Json& value) {
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        levels_.push_back({.is_array = event == Event::array_start});
        break;
      case Event::object_end:
      case Event::array_end:
        levels_.pop_back();
        count_value();
        break;
      case Event::key:
        see_key(value.get_ref<const std::string&>());
        break;
      case Event::value:
        count_value();
        break;
    }
  }

 private:
  struct Level {
    bool is_array = false;
    size_t index = 0;
    std::string key;
    std::set<std::string> keys;
  };

  void count_value() {
    if (!levels_.empty()) ++levels_.back().index;
  }

  void see_key(const std::string& key) {
    levels_.back().key = key;
    if (levels_.back().keys.insert(key).second) return;
    Field field(findings_);
    for (const Level& level : levels_) {
      field = level.is_array ? field.index(level.index) : field.child(level.key);
    }
    field.add("Duplicate value: the field stands twice in one object");
  }

  std::vector<Finding>& findings_;
  std::vector<Level> levels_;
};

// What the parser says, without its own name and without the bytes that it read last.
std::string reason(std::string_view what) {
  if (const size_t end = what.find("] "); what.starts_with('[') && end != what.npos) {
    what.remove_prefix(end + 2);
  }
  return std::string(what.substr(0, what.find("; last read")));
}

}  // namespace

Json parse_json(std::string_view text, std::vector<Finding>& findings) {
  constexpr int kMaxDepth = 64;
  DuplicateWatch watch(findings);
  const auto see = [&](int depth, Event event, Json& value) {
    if (depth > kMaxDepth) throw std::length_error("is nested too deeply");
    watch.see(event, value);
    return true;
  };
  try {
    return Json::parse(text, see);
  } catch (const std::exception& failure) {
    Field(findings).add("Invalid value: not JSON: " + reason(failure.what()));
    return nullptr;
  }
}

}  // namespace sandboxlet::api
