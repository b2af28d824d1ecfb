#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "kube/fake_fields.h"
#include "kube/fake_refusals.h"
#include "kube/fake_selection.h"
#include "kube/resource.h"

namespace sandboxlet::kube {

// One step of the server's state; null where there was, or is, no object.
struct FakeChange {  // NOLINT(bugprone-exception-escape)
  int64_t version = 0;
  std::string collection;
  nlohmann::json before;
  nlohmann::json after;
};

// What a watch of that selection tells of it; null where nothing.
nlohmann::json watch_event(const FakeChange& change, const FakeSelection& selection);

// What a FakeApiServer has: objects by kind, namespace and name, with the versions, preconditions
// and refusals of a real one, each kind as a custom resource with a status. Every verb happens at
// once. Nothing is defaulted and no schema is looked at. Versions and uids count up from the same
// start each time.
class FakeObjects {
 public:
  using Json = nlohmann::json;

  explicit FakeObjects(const Clock& clock) : clock_(clock) {}

  // Told of each change.
  std::function<void(const FakeChange&)> on_change;

  FakeAnswer create(const ObjectRef& ref, Json object);
  FakeAnswer get(const ObjectRef& ref) const;
  FakeAnswer update(const ObjectRef& ref, Json object);
  FakeAnswer merge_patch(const ObjectRef& ref, const Json& patch);
  FakeAnswer apply(const ObjectRef& ref, Json wanted, const std::string& manager,
                   bool force = false);
  // preconditions: of metav1.DeleteOptions.
  FakeAnswer remove(const ObjectRef& ref, const Json& preconditions = nullptr);
  // Gone at once, with whatever finalizers it has, as when these were taken off by force.
  void force_remove(const ObjectRef& ref);

  // limit 0: all. token: of the page before.
  FakeAnswer list(const FakeSelection& selection, const std::string& version = "", size_t limit = 0,
                  const std::string& token = "") const;

  // Empty where the kind is known and can be selected from like that.
  std::optional<FakeAnswer> check(const FakeSelection& selection) const;
  // All that is there now, by namespace and name.
  std::vector<Json> select(const FakeSelection& selection) const;
  // Changes after that version, which is not older than oldest().
  std::vector<FakeChange> changes_after(int64_t version) const;
  int64_t version() const { return version_; }
  // Of what came before that version nothing is known any more.
  int64_t oldest() const { return oldest_; }
  // Forgets all but the present state.
  void compact();

 private:
  // Collection, namespace, name.
  using Key = std::tuple<std::string, std::string, std::string>;
  struct Stored {  // NOLINT(bugprone-exception-escape)
    Json object;
    FakeFields fields;
  };
  using State = std::map<Key, Json>;

  static Key key_of(const ObjectRef& ref);
  State state_at(int64_t version) const;
  FakeAnswer make(const ObjectRef& ref, Json object, FakeFields fields);
  // Takes next, the object after a write, in the place of what is stored.
  FakeAnswer commit(const ObjectRef& ref, Json next, FakeFields fields);
  void note(const Key& key, Json before, Json after);

  const Clock& clock_;
  std::map<Key, Stored> objects_;
  std::vector<FakeChange> changes_;
  int64_t version_ = 1;
  int64_t oldest_ = 1;
  int64_t uids_ = 0;
};

}  // namespace sandboxlet::kube
