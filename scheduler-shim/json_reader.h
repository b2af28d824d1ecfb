#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/meta.h"
#include "base/result.h"

namespace sandboxlet::scheduler {

using Json = nlohmann::json;

// Picks fields out of one object. What is absent or null reads as its type's zero, what is unknown
// is not looked at, and of fields with another type or value than they must have the first is
// remembered with its path; so a reader asks for all fields and for the error once, at the end.
// Lives as long as one object is read.
class JsonReader {
 public:
  // Runs read(child) with the object of that name, if there is one.
  template <class Read>
  void object(const Json& in, std::string_view name, const Read& read) {
    const Json* child = find(in, name, Json::value_t::object, "an object");
    if (child == nullptr) return;
    path_.push_back({name, std::nullopt});
    read(*child);
    path_.pop_back();
  }

  // Runs read(element) with each element of the list of that name, which must be objects.
  template <class Read>
  void each(const Json& in, std::string_view name, const Read& read) {
    const Json* list = find(in, name, Json::value_t::array, "a list");
    if (list == nullptr) return;
    for (size_t index = 0; index < list->size(); ++index) {
      path_.push_back({name, index});
      if ((*list)[index].is_object()) {
        read((*list)[index]);
      } else {
        fail("must be an object");
      }
      path_.pop_back();
    }
  }

  bool has(const Json& in, std::string_view name) const;
  std::string text(const Json& in, std::string_view name);
  bool boolean(const Json& in, std::string_view name);
  int32_t integer(const Json& in, std::string_view name, int32_t absent = 0);
  // Of fields with few words that count: the word's place in words, 0 where the field is absent.
  size_t word(const Json& in, std::string_view name, const std::vector<std::string_view>& words);
  std::vector<std::string> texts(const Json& in, std::string_view name);
  api::StringMap text_map(const Json& in, std::string_view name);
  // Quantities by resource name, as their text.
  api::StringMap quantities(const Json& in, std::string_view name);

  // Notes that what is being read, or its field of that name, is wrong.
  void fail(std::string_view message) { fail({}, message); }
  void fail(std::string_view name, std::string_view message);
  // The first failure, "spec.podTemplate.spec.tolerations[0].effect: ...".
  const std::optional<Error>& error() const { return error_; }

 private:
  struct Step {
    std::string_view name;
    std::optional<size_t> index;
  };

  const Json* find(const Json& in, std::string_view name, Json::value_t type,
                   std::string_view what);

  std::vector<Step> path_;
  std::optional<Error> error_;
};

}  // namespace sandboxlet::scheduler
