#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kube/reflector.h"
#include "tests/rig/core_loop.h"

namespace sandboxlet::test {

// Keeps what a reflector tells: by name, what there is now, and the names of what went.
class Recorder : public kube::ReflectorHandler {
 public:
  explicit Recorder(CoreLoop& loop) : loop_(loop) {}

  // More than once, where the first try came to nothing.
  void sync_begun() override { stale_.merge(std::exchange(objects, {})); }
  void seen(Json object) override {
    const std::string name = object["metadata"]["name"];
    stale_.erase(name);
    objects[name] = std::move(object);
    settle();
  }
  void gone(Json object) override {
    const std::string name = object["metadata"]["name"];
    objects.erase(name);
    stale_.erase(name);
    went.push_back(name);
    settle();
  }
  void synced() override {
    for (const auto& [name, object] : stale_) went.push_back(name);
    stale_.clear();
    ++syncs;
    settle();
  }
  void connected(bool is, const std::string& why) override {
    is_connected = is;
    if (!is) troubles.push_back(why);
    settle();
  }

  // Runs the loop until it is so, or a minute has gone.
  bool wait_until(std::function<bool()> predicate) {
    std::optional<bool> answer;
    predicate_ = std::move(predicate);
    settle_ = [&answer](bool so) { answer = so; };
    const auto timer = loop_.clock().call_after(std::chrono::minutes(1), [this] {
      if (settle_) settle_(false);
    });
    settle();
    const bool so = loop_.wait_for(answer);
    settle_ = nullptr;
    return so;
  }

  std::map<std::string, Json> objects;
  std::vector<std::string> went;
  std::vector<std::string> troubles;
  int syncs = 0;
  bool is_connected = false;

 private:
  void settle() {
    if (settle_ && predicate_()) settle_(true);
  }

  CoreLoop& loop_;
  std::map<std::string, Json> stale_;
  std::function<bool()> predicate_;
  std::function<void(bool)> settle_;
};

}  // namespace sandboxlet::test
