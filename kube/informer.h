#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "kube/reflector.h"

namespace sandboxlet::kube {

// What a reflector tells, as changes to a set: what is there, and the keys of what is not there any
// more, also where that was missed. Belongs to the core thread; destroying it ends the watch.
class Informer final : private ReflectorHandler {
 public:
  using Json = nlohmann::json;
  // By uid, an object that was made anew is another; by name it is the same.
  enum class Key { kUid, kName };
  struct Callbacks {
    std::function<void(Json object)> set;
    std::function<void(const std::string& key)> remove;
    // All there is has been told; also after each later sync.
    std::function<void()> synced;
    std::function<void(bool is, const std::string& why)> connected;
  };

  Informer(asio::io_context& io, Clock& clock, Http& http, Selection selection, Key key,
           Callbacks callbacks)
      : io_(io),
        clock_(clock),
        http_(http),
        selection_(std::move(selection)),
        key_(key),
        callbacks_(std::move(callbacks)) {
    restart();
  }

  bool has_synced() const { return has_synced_; }

  // Tells all there is anew, and what went meanwhile. Not from one of its own callbacks.
  void restart() {
    has_synced_ = false;
    ReflectorHandler& handler = *this;
    reflector_.emplace(io_, clock_, http_, selection_, handler);
  }

 private:
  void sync_begun() override {
    for (auto& [key, listed] : known_) listed = false;
  }
  void seen(Json object) override {
    known_[key_of(object)] = true;
    callbacks_.set(std::move(object));
  }
  void gone(Json object) override {
    const std::string key = key_of(object);
    if (known_.erase(key) != 0) callbacks_.remove(key);
  }
  void synced() override {
    for (auto entry = known_.begin(); entry != known_.end();) {
      if (!entry->second) callbacks_.remove(entry->first);
      entry = entry->second ? std::next(entry) : known_.erase(entry);
    }
    has_synced_ = true;
    callbacks_.synced();
  }
  void connected(bool is, const std::string& why) override { callbacks_.connected(is, why); }

  std::string key_of(const Json& object) const {
    const char* const name = key_ == Key::kUid ? "uid" : "name";
    const auto meta = object.find("metadata");
    if (meta == object.end() || !meta->is_object()) return "";
    return meta->value(name, "");
  }

  asio::io_context& io_;
  Clock& clock_;
  Http& http_;
  const Selection selection_;
  const Key key_;
  const Callbacks callbacks_;
  // Whether each was told by the sync that is under way.
  std::unordered_map<std::string, bool> known_;
  bool has_synced_ = false;
  std::optional<Reflector> reflector_;
};

}  // namespace sandboxlet::kube
