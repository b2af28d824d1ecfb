#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "kube/http.h"
#include "kube/resource.h"

namespace sandboxlet::kube {

// Where a reflector's news go; called on the core thread. News between sync_begun() and synced()
// are as true as any other: the two only tell what is not there any more.
class ReflectorHandler {
 public:
  using Json = nlohmann::json;

  virtual ~ReflectorHandler() = default;
  // All there is will be told; once more, where that broke off.
  virtual void sync_begun() = 0;
  // It is there: new, changed, or told once more.
  virtual void seen(Json object) = 0;
  // It is gone, or left the selection; this is how it was before.
  virtual void gone(Json object) = 0;
  // What was not seen since sync_begun() is not there.
  virtual void synced() = 0;
  // Nothing is known to have been missed since the server was last heard; false from a failure to
  // the next success. Told when it changes, with why.
  virtual void connected(bool is, const std::string& why) = 0;
};

// What is watched: a kind of object, and which of them.
struct Selection {
  Resource resource;
  // Empty: all.
  std::string namespace_;
  std::string field_selector;
  std::string label_selector;
};

// Keeps a handler told of what an API server has (client-go: tools/cache/reflector.go): all of it
// at first, then each change, in order, over dropped connections, expired versions and servers that
// come and go. Objects are read one at a time, however many there are. Belongs to the core thread;
// destroying it ends the watch, and nothing is told after.
class Reflector {
 public:
  // Everything that is named outlives it.
  Reflector(asio::io_context& io, Clock& clock, Http& http, Selection selection,
            ReflectorHandler& handler);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

 private:
  class Loop;
  const std::shared_ptr<Loop> loop_;
};

}  // namespace sandboxlet::kube
