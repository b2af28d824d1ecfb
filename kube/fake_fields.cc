#include "kube/fake_fields.h"

#include <algorithm>

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;
using Fields = std::map<std::string, Json>;

constexpr char kUpdater[] = "update";
constexpr char kFinalizers[] = "/metadata/finalizers";
// A finalizer's field is this and its name.
constexpr char kOneFinalizer[] = "/metadata/finalizers=";

// The server's own, and what names the object.
bool is_nobodys(const std::string& field) {
  static const std::set<std::string> fields = {"/apiVersion",
                                               "/kind",
                                               "/metadata/creationTimestamp",
                                               "/metadata/deletionGracePeriodSeconds",
                                               "/metadata/deletionTimestamp",
                                               "/metadata/generation",
                                               "/metadata/name",
                                               "/metadata/namespace",
                                               "/metadata/resourceVersion",
                                               "/metadata/uid"};
  return fields.contains(field);
}

std::string escaped(std::string key) {
  const Json flat = Json{{std::move(key), 0}}.flatten();
  return flat.begin().key();
}

void collect(const Json& value, const std::string& path, Fields& fields) {
  if (is_nobodys(path)) return;
  if (path == kFinalizers && value.is_array()) {
    for (const Json& one : value) fields[kOneFinalizer + one.get<std::string>()] = true;
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.items()) collect(member, path + escaped(key), fields);
  } else {
    fields[path] = value;
  }
}

Fields fields_of(const Json& object) {
  Fields fields;
  collect(object, "", fields);
  return fields;
}

bool is_finalizer(const std::string& field) { return field.starts_with(kOneFinalizer); }

void set(Json& object, const std::string& field, const Json& value) {
  if (!is_finalizer(field)) {
    object[Json::json_pointer(field)] = value;
    return;
  }
  Json& all = object["metadata"]["finalizers"];
  const std::string name = field.substr(sizeof kOneFinalizer - 1);
  if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
}

// Goes with what holds it, where that holds nothing else.
void unset(Json& object, Json::json_pointer field) {
  const std::string key = field.back();
  field.pop_back();
  if (!object.contains(field) || !object[field].is_object()) return;
  object[field].erase(key);
  if (object[field].empty() && !field.empty()) unset(object, field);
}

void unset(Json& object, const std::string& field) {
  if (!is_finalizer(field)) return unset(object, Json::json_pointer(field));
  Json& all = object["metadata"]["finalizers"];
  const std::string name = field.substr(sizeof kOneFinalizer - 1);
  all.erase(std::remove(all.begin(), all.end(), name), all.end());
  if (all.empty()) object["metadata"].erase("finalizers");
}

}  // namespace

bool FakeFields::is_held_by_another(const std::string& field, const std::string& manager) const {
  return std::any_of(held_.begin(), held_.end(), [&](const auto& held) {
    return held.first != manager && held.second.contains(field);
  });
}

void FakeFields::note_update(const Json& from, const Json& to) {
  const Fields before = fields_of(from);
  const Fields after = fields_of(to);
  for (const auto& [field, value] : before) {
    if (after.contains(field)) continue;
    for (auto& [manager, fields] : held_) fields.erase(field);
  }
  for (const auto& [field, value] : after) {
    const auto same = before.find(field);
    if (same != before.end() && same->second == value) continue;
    for (auto& [manager, fields] : held_) fields.erase(field);
    held_[kUpdater].insert(field);
  }
}

FakeFields::Applied FakeFields::apply(Json object, const Json& wanted, const std::string& manager,
                                      bool force) {
  const Fields now = fields_of(object);
  const Fields next = fields_of(wanted);
  std::set<std::string> taken;
  for (const auto& [field, value] : next) {
    const auto before = now.find(field);
    const bool changes = before != now.end() && before->second != value;
    if (changes && is_held_by_another(field, manager)) taken.insert(field);
  }
  if (!taken.empty() && !force) return {std::move(object), {taken.begin(), taken.end()}};
  for (const auto& field : taken) {
    for (auto& [other, fields] : held_) fields.erase(field);
  }
  const std::set<std::string> given_up = std::exchange(held_[manager], {});
  for (const auto& field : given_up) {
    if (!next.contains(field) && !is_held_by_another(field, manager)) unset(object, field);
  }
  for (const auto& [field, value] : next) {
    set(object, field, value);
    held_[manager].insert(field);
  }
  return {std::move(object), {}};
}

}  // namespace sandboxlet::kube
