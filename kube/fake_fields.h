#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace sandboxlet::kube {

// Who set which fields of one object, as server-side apply keeps it (apimachinery: managedfields).
// Lists are one field each, but for finalizers, of which each is its own. Pure.
class FakeFields {
 public:
  using Json = nlohmann::json;

  // What to has otherwise than from was set by a plain write: nobody else owns it any more.
  void note_update(const Json& from, const Json& to);

  struct Applied {  // NOLINT(bugprone-exception-escape)
    Json object;
    // The fields that others hold at another value, unless force was set; nothing is applied then.
    std::vector<std::string> conflicts;
  };
  // Sets what wanted has, and takes away what that manager applied before and applies no more where
  // nobody else holds it.
  Applied apply(Json object, const Json& wanted, const std::string& manager, bool force);

 private:
  bool is_held_by_another(const std::string& field, const std::string& manager) const;

  // By manager: JSON pointers.
  std::map<std::string, std::set<std::string>> held_;
};

}  // namespace sandboxlet::kube
