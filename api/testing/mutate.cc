#include "api/testing/mutate.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;
using Random = std::mt19937_64;

// Not a std distribution: those differ between libraries, and a seed must mean one text.
size_t below(Random& random, size_t count) { return count == 0 ? 0 : random() % count; }

template <class Container>
auto& any_of(Container& values, Random& random) {
  return values[below(random, std::size(values))];
}

// Every value of the tree, the root included.
void collect(Json& value, std::vector<Json*>& all) {
  all.push_back(&value);
  if (!value.is_structured()) return;
  for (Json& below : value) collect(below, all);
}

Json& any_value(Json& root, Random& random) {
  std::vector<Json*> all;
  collect(root, all);
  return *any_of(all, random);
}

// Any object or array that has something in it; the root has.
Json& any_structure(Json& root, Random& random) {
  std::vector<Json*> all;
  collect(root, all);
  std::erase_if(all, [](const Json* one) { return !one->is_structured() || one->empty(); });
  return all.empty() ? root : *any_of(all, random);
}

Json deep(size_t depth) {
  Json nested = Json::array();
  for (size_t i = 0; i < depth; ++i) nested = Json::array({std::move(nested)});
  return nested;
}

Json hostile_value(Random& random) {
  static const std::vector<Json> values{
      nullptr,
      true,
      false,
      0,
      -1,
      65536,
      INT64_MIN,
      UINT64_MAX,
      1e308,
      0.1,
      "",
      " ",
      "\n",
      "a",
      "A",
      "..",
      "../../etc/passwd",
      "/",
      "/a/../../b",
      "a/b",
      "$(A)",
      "%s%n",
      "-1",
      "1e999",
      "9999999999999999999Ei",
      "0.0000000001",
      "2027-02-30T00:00:00Z",
      "99999999h",
      std::string("a\0b", 3),
      "\u202e\U0001F600",
      std::string(64, 'a'),
      std::string(300, 'b'),
      std::string(100'000, 'c'),
      Json::array(),
      Json::object(),
      Json::array({nullptr}),
      Json::object({{"", ""}}),
      Json::array({Json::object()}),
      deep(100),
  };
  return any_of(values, random);
}

std::string any_key(Json& object, Random& random) {
  auto member = object.begin();
  std::advance(member, below(random, object.size()));
  return member.key();
}

void replace_value(Json& root, Random& random) { any_value(root, random) = hostile_value(random); }

void remove_value(Json& root, Random& random) {
  Json& from = any_structure(root, random);
  if (from.is_object()) {
    if (!from.empty()) from.erase(any_key(from, random));
  } else if (from.is_array()) {
    from.erase(below(random, from.size()));
  }
}

void rename_key(Json& root, Random& random) {
  Json& object = any_structure(root, random);
  if (!object.is_object() || object.empty()) return replace_value(root, random);
  const std::string key = any_key(object, random);
  Json value = object[key];
  object.erase(key);
  static const std::vector<std::function<std::string(const std::string&)>> changes{
      [](const std::string& name) { return name + "s"; },
      [](const std::string& name) { return name.substr(0, name.size() / 2); },
      [](const std::string& name) { return "_" + name; },
      [](const std::string& name) { return name + "\n"; },
      [](const std::string&) { return std::string(); },
      [](const std::string&) { return std::string(100'000, 'k'); },
      [](const std::string& name) {
        std::string other = name;
        for (char& c : other) c = static_cast<char>(c ^ 0x20);
        return other;
      },
  };
  object[any_of(changes, random)(key)] = std::move(value);
}

void repeat_element(Json& root, Random& random) {
  Json& array = any_structure(root, random);
  if (!array.is_array()) return replace_value(root, random);
  const Json element = any_of(array, random);
  const size_t times = random() % 8 == 0 ? 2000 : 1;
  for (size_t i = 0; i < times; ++i) array.push_back(element);
}

void add_field(Json& root, Random& random) {
  Json& object = any_structure(root, random);
  if (!object.is_object()) return replace_value(root, random);
  static const std::vector<std::string> names{
      "initContainers", "livenessProbe", "configMap", "hostNetwork", "unknown", "status",
      "metadata",       "spec",          "name",      "emptyDir",    "pause",   "suspend"};
  object[any_of(names, random)] = hostile_value(random);
}

// Puts a copy of one part in the place of another.
void transplant(Json& root, Random& random) {
  const Json part = any_value(root, random);
  any_value(root, random) = part;
}

using Structural = void (*)(Json&, Random&);
constexpr Structural kStructural[] = {replace_value,  remove_value, rename_key,
                                      repeat_element, add_field,    transplant};

std::string cut_off(std::string text, Random& random) {
  text.resize(below(random, text.size()));
  return text;
}

std::string remove_bytes(std::string text, Random& random) {
  return text.erase(below(random, text.size()), 1 + below(random, 16));
}

std::string change_byte(std::string text, Random& random) {
  text[below(random, text.size())] = static_cast<char>(random());
  return text;
}

std::string insert_bytes(std::string text, Random& random) {
  static const std::vector<std::string> bytes{std::string(1, '\0'),
                                              "\xff",
                                              "\xc0\x80",
                                              "\xed\xa0\x80",
                                              "\x1b[2J",
                                              "\"",
                                              "}",
                                              "{",
                                              ",",
                                              "\\",
                                              "\\ud800",
                                              "1",
                                              "-",
                                              "\xef\xbb\xbf",
                                              "//",
                                              std::string(1000, '['),
                                              "---\n",
                                              "&a *a"};
  return text.insert(below(random, text.size() + 1), any_of(bytes, random));
}

std::string double_text(std::string text, Random& random) {
  const size_t begin = below(random, text.size());
  const std::string piece = text.substr(begin, below(random, 200));
  return text.insert(below(random, text.size() + 1), piece);
}

// Twice the same key in the root.
std::string double_key(std::string text, Random& /*random*/) {
  const size_t brace = text.find('{');
  return brace == text.npos ? text : text.insert(brace + 1, "\"kind\":\"Pod\",");
}

using Textual = std::string (*)(std::string, Random&);
constexpr Textual kTextual[] = {cut_off,      remove_bytes, change_byte,
                                insert_bytes, double_text,  double_key};

}  // namespace

std::string mutate(const std::string& json, std::mt19937_64& random) {
  if (json.empty() || random() % 3 == 0) return any_of(kTextual, random)(json + " ", random);
  Json root = Json::parse(json);
  any_of(kStructural, random)(root, random);
  return root.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sandboxlet::api
