#include "kube/fake_objects.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/time.h"
#include "kube/fake_kinds.h"

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

// The server's own part of the metadata, which no write changes.
constexpr const char* kServersOwn[] = {"creationTimestamp",
                                       "deletionGracePeriodSeconds",
                                       "deletionTimestamp",
                                       "generation",
                                       "name",
                                       "namespace",
                                       "resourceVersion",
                                       "uid"};

std::string meta(const Json& object, const char* field) {
  return object.value(Json::json_pointer(std::string("/metadata/") + field), "");
}

bool is_deleting(const Json& object) { return !meta(object, "deletionTimestamp").empty(); }

Json finalizers(const Json& object) {
  return object.value(Json::json_pointer("/metadata/finalizers"), Json::array());
}

// What a write of asked leaves of the object: a status alone, or all but the status.
Json merged(const ObjectRef& ref, const Json& now, Json asked) {
  if (ref.subresource == "status") {
    Json next = now;
    next.erase("status");
    if (asked.contains("status") && !asked["status"].is_null()) next["status"] = asked["status"];
    return next;
  }
  asked.erase("status");
  if (now.contains("status")) asked["status"] = now["status"];
  for (const char* field : kServersOwn) {
    asked["metadata"].erase(field);
    if (now["metadata"].contains(field)) asked["metadata"][field] = now["metadata"][field];
  }
  asked["apiVersion"] = now["apiVersion"];
  asked["kind"] = now["kind"];
  return asked;
}

// metadata.uid and metadata.resourceVersion of a write, where they are given. A status is written
// whatever uid it names: measured, the server puts the object's own metadata in its place first.
std::optional<FakeAnswer> check_written(const ObjectRef& ref, const Json& now, const Json& asked) {
  const std::string version = meta(asked, "resourceVersion");
  if (!version.empty() && version != meta(now, "resourceVersion")) return was_modified(ref);
  const std::string uid = meta(asked, "uid");
  if (ref.subresource.empty() && !uid.empty() && uid != meta(now, "uid")) {
    return immutable_uid(ref, uid);
  }
  return std::nullopt;
}

// What a continue token says: the version that all pages show, and the last object of one.
struct PageEnd {
  int64_t version = 0;
  std::string namespace_;
  std::string name;
};

PageEnd parse_token(const std::string& token) {
  const size_t first = token.find('/');
  const size_t second = token.find('/', first + 1);
  return {std::stoll(token.substr(0, first)), token.substr(first + 1, second - first - 1),
          token.substr(second + 1)};
}

std::string new_finalizer(const Json& now, const Json& next) {
  const Json before = finalizers(now);
  for (const Json& one : finalizers(next)) {
    if (std::find(before.begin(), before.end(), one) == before.end()) return one;
  }
  return "";
}

}  // namespace

Json watch_event(const FakeChange& change, const FakeSelection& selection) {
  if (change.collection != selection.collection) return nullptr;
  const bool was = !change.before.is_null() && is_selected(selection, change.before);
  const bool is = !change.after.is_null() && is_selected(selection, change.after);
  if (is) return {{"type", was ? "MODIFIED" : "ADDED"}, {"object", change.after}};
  if (!was) return nullptr;
  // Gone, or no longer selected: as it was before, of the version at which it went.
  Json last = change.before;
  last["metadata"]["resourceVersion"] = std::to_string(change.version);
  return {{"type", "DELETED"}, {"object", std::move(last)}};
}

FakeObjects::Key FakeObjects::key_of(const ObjectRef& ref) {
  return {fake_collection(ref), ref.namespace_, ref.name};
}

void FakeObjects::note(const Key& key, Json before, Json after) {
  ++version_;
  if (!after.is_null()) {
    after["metadata"]["resourceVersion"] = std::to_string(version_);
    objects_[key].object = after;
  }
  changes_.push_back({version_, std::get<0>(key), std::move(before), std::move(after)});
  if (on_change) on_change(FakeChange(changes_.back()));
}

// ---- Writing

FakeAnswer FakeObjects::make(const ObjectRef& ref, Json object, FakeFields fields) {
  const FakeKind* const kind = find_fake_kind(fake_collection(ref));
  if (kind == nullptr) return no_kind();
  if (!meta(object, "resourceVersion").empty()) {
    return refuse(500, "", "resourceVersion should not be set on objects to be created");
  }
  object.erase("status");
  object["apiVersion"] = api_version(kind->resource);
  object["kind"] = kind->name;
  Json& metadata = object["metadata"];
  metadata["name"] = ref.name;
  if (!ref.namespace_.empty()) metadata["namespace"] = ref.namespace_;
  metadata["uid"] = fmt::format("00000000-0000-4000-8000-{:012x}", ++uids_);
  metadata["generation"] = 1;
  metadata["creationTimestamp"] = api::format_time(clock_.wall());
  metadata.erase("deletionTimestamp");
  objects_[key_of(ref)].fields = std::move(fields);
  note(key_of(ref), nullptr, std::move(object));
  return {201, objects_[key_of(ref)].object};
}

FakeAnswer FakeObjects::create(const ObjectRef& ref, Json object) {
  ObjectRef made = ref;
  if (made.name.empty()) made.name = meta(object, "name");
  if (made.name.empty()) {
    return invalid(made, "metadata.name", "FieldValueRequired",
                   "Required value: name or generateName is required");
  }
  if (const auto found = objects_.find(key_of(made)); found != objects_.end()) {
    return already_exists(made, is_deleting(found->second.object));
  }
  FakeFields fields;
  fields.note_update(nullptr, object);
  return make(made, std::move(object), std::move(fields));
}

FakeAnswer FakeObjects::commit(const ObjectRef& ref, Json next, FakeFields fields) {
  const Key key = key_of(ref);
  const Json now = objects_.at(key).object;
  if (is_deleting(now)) {
    if (const std::string added = new_finalizer(now, next); !added.empty()) {
      return invalid(ref, "metadata.finalizers", "FieldValueForbidden",
                     "Forbidden: no new finalizers can be added if the object is being deleted, "
                     "found new finalizers []string{\"" +
                         added + "\"}");
    }
  }
  objects_[key].fields = std::move(fields);
  if (next == now) return {200, now};
  if (next.value("spec", Json()) != now.value("spec", Json())) {
    next["metadata"]["generation"] = now["metadata"]["generation"].get<int64_t>() + 1;
  }
  if (is_deleting(now) && finalizers(next).empty()) {
    objects_.erase(key);
    note(key, now, nullptr);
    return {200, std::move(next)};
  }
  note(key, now, std::move(next));
  return {200, objects_[key].object};
}

FakeAnswer FakeObjects::update(const ObjectRef& ref, Json object) {
  const auto found = objects_.find(key_of(ref));
  if (found == objects_.end()) return not_found(ref);
  const Json& now = found->second.object;
  const std::string uid = meta(object, "uid");
  if (!uid.empty() && uid != meta(now, "uid")) {
    return conflict(ref, "Precondition failed: UID in precondition: " + uid +
                             ", UID in object meta: " + meta(now, "uid"));
  }
  if (meta(object, "resourceVersion").empty()) {
    return invalid(ref, "metadata.resourceVersion", "FieldValueInvalid",
                   "Invalid value: 0: must be specified for an update");
  }
  if (auto refusal = check_written(ref, now, object)) return *std::move(refusal);
  Json next = merged(ref, now, std::move(object));
  FakeFields fields = found->second.fields;
  fields.note_update(now, next);
  return commit(ref, std::move(next), std::move(fields));
}

FakeAnswer FakeObjects::merge_patch(const ObjectRef& ref, const Json& patch) {
  const auto found = objects_.find(key_of(ref));
  if (found == objects_.end()) return not_found(ref);
  const Json& now = found->second.object;
  if (auto refusal = check_written(ref, now, patch)) return *std::move(refusal);
  Json next = now;
  next.merge_patch(patch);
  next = merged(ref, now, std::move(next));
  FakeFields fields = found->second.fields;
  fields.note_update(now, next);
  return commit(ref, std::move(next), std::move(fields));
}

FakeAnswer FakeObjects::apply(const ObjectRef& ref, Json wanted, const std::string& manager,
                              bool force) {
  const bool is_status = ref.subresource == "status";
  const auto found = objects_.find(key_of(ref));
  const std::string uid = meta(wanted, "uid");
  if (found == objects_.end()) {
    if (is_status) return not_found(ref);
    if (!uid.empty()) {
      return conflict(ref, "uid mismatch: the provided object specified uid " + uid +
                               ", and no existing object was found");
    }
    wanted.erase("status");
    FakeFields fields;
    auto applied = fields.apply(wanted, wanted, manager, force);
    return make(ref, std::move(applied.object), std::move(fields));
  }
  const Json& now = found->second.object;
  if (auto refusal = check_written(ref, now, wanted)) return *std::move(refusal);
  Json part = Json::object();
  if (is_status) {
    part["status"] = wanted.value("status", Json::object());
  } else {
    part = wanted;
    part.erase("status");
  }
  FakeFields fields = found->second.fields;
  // One who applies to both holds the two apart.
  auto applied = fields.apply(now, part, is_status ? manager + "/status" : manager, force);
  if (!applied.conflicts.empty()) {
    return refuse(409, "Conflict",
                  fmt::format("Apply failed with {} conflicts: {}", applied.conflicts.size(),
                              applied.conflicts.front()));
  }
  return commit(ref, std::move(applied.object), std::move(fields));
}

FakeAnswer FakeObjects::remove(const ObjectRef& ref, const Json& preconditions) {
  const auto found = objects_.find(key_of(ref));
  if (found == objects_.end()) return not_found(ref);
  const Json now = found->second.object;
  const std::string uid = preconditions.is_object() ? preconditions.value("uid", "") : "";
  if (!uid.empty() && uid != meta(now, "uid")) {
    return conflict(ref,
                    fmt::format("the UID in the precondition ({}) does not match the UID in record "
                                "({}). The object might have been deleted and then recreated",
                                uid, meta(now, "uid")));
  }
  if (finalizers(now).empty()) {
    objects_.erase(found);
    note(key_of(ref), now, nullptr);
    Json details = details_of(ref);
    details["uid"] = meta(now, "uid");
    return {200,
            {{"kind", "Status"},
             {"apiVersion", "v1"},
             {"metadata", Json::object()},
             {"status", "Success"},
             {"details", std::move(details)}}};
  }
  if (is_deleting(now)) return {200, now};
  Json next = now;
  next["metadata"]["deletionTimestamp"] = api::format_time(clock_.wall());
  next["metadata"]["deletionGracePeriodSeconds"] = 0;
  next["metadata"]["generation"] = now["metadata"]["generation"].get<int64_t>() + 1;
  note(key_of(ref), now, std::move(next));
  return {200, found->second.object};
}

void FakeObjects::force_remove(const ObjectRef& ref) {
  const auto found = objects_.find(key_of(ref));
  if (found == objects_.end()) return;
  const Json now = found->second.object;
  objects_.erase(found);
  note(key_of(ref), now, nullptr);
}

// ---- Reading

FakeAnswer FakeObjects::get(const ObjectRef& ref) const {
  const auto found = objects_.find(key_of(ref));
  if (found == objects_.end()) return not_found(ref);
  return {200, found->second.object};
}

std::optional<FakeAnswer> FakeObjects::check(const FakeSelection& selection) const {
  const FakeKind* const kind = find_fake_kind(selection.collection);
  if (kind == nullptr) return no_kind();
  const auto field = unsupported_field(selection, kind->selectable);
  if (field) return refuse(400, "BadRequest", "field label not supported: " + *field);
  return std::nullopt;
}

FakeObjects::State FakeObjects::state_at(int64_t version) const {
  State state;
  for (const auto& [key, stored] : objects_) state[key] = stored.object;
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->version <= version) break;
    const Json& either = change->before.is_null() ? change->after : change->before;
    const Key key{change->collection, meta(either, "namespace"), meta(either, "name")};
    if (change->before.is_null()) {
      state.erase(key);
    } else {
      state[key] = change->before;
    }
  }
  return state;
}

FakeAnswer FakeObjects::list(const FakeSelection& selection, const std::string& version,
                             size_t limit, const std::string& token) const {
  if (auto refusal = check(selection)) return *std::move(refusal);
  if (!version.empty() && std::stoll(version) > version_) {
    return too_large(std::stoll(version), version_);
  }
  const PageEnd before = token.empty() ? PageEnd{version_, "", ""} : parse_token(token);
  if (before.version < oldest_) return expired_token();
  Json items = Json::array();
  PageEnd last = before;
  std::string next;
  for (const auto& [key, object] : state_at(before.version)) {
    const auto& [collection, space, name] = key;
    if (collection != selection.collection || !is_selected(selection, object)) continue;
    if (std::tie(space, name) <= std::tie(before.namespace_, before.name)) continue;
    if (limit != 0 && items.size() == limit) {
      next = fmt::format("{}/{}/{}", last.version, last.namespace_, last.name);
      break;
    }
    items.push_back(object);
    last.namespace_ = space;
    last.name = name;
  }
  const FakeKind& kind = *find_fake_kind(selection.collection);
  return {200,
          {{"kind", std::string(kind.name) + "List"},
           {"apiVersion", api_version(kind.resource)},
           {"metadata", {{"continue", next}, {"resourceVersion", std::to_string(before.version)}}},
           {"items", std::move(items)}}};
}

std::vector<Json> FakeObjects::select(const FakeSelection& selection) const {
  std::vector<Json> selected;
  for (const auto& [key, stored] : objects_) {
    const bool is_of_kind = std::get<0>(key) == selection.collection;
    if (is_of_kind && is_selected(selection, stored.object)) selected.push_back(stored.object);
  }
  return selected;
}

std::vector<FakeChange> FakeObjects::changes_after(int64_t version) const {
  std::vector<FakeChange> after;
  for (const FakeChange& change : changes_) {
    if (change.version > version) after.push_back(change);
  }
  return after;
}

void FakeObjects::compact() {
  changes_.clear();
  oldest_ = version_;
}

}  // namespace sandboxlet::kube
