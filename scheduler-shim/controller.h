#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "kube/client.h"
#include "kube/event_recorder.h"
#include "kube/informer.h"

namespace sandboxlet::scheduler {

// What every controller works with; all of it outlives it.
struct ControllerContext {
  asio::io_context& io;
  Clock& clock;
  kube::Client& client;
  // Watches go over a connection of their own.
  kube::Http& streams;
  kube::EventRecorder& events;
};

// One of the cluster's concerns around Sandboxes. Works from its construction on. Belongs to the
// core thread.
class Controller {
 public:
  virtual ~Controller() = default;
  // A Sandbox as the API server has it now; again whenever it changes, and now and then as it was.
  virtual void set(const nlohmann::json& sandbox) = 0;
  // It is gone from there.
  virtual void remove(const std::string& uid) = 0;
  // All Sandboxes have been told.
  virtual void synced() {}
};

// What a controller follows besides, by the names of the resources.
using Informers = std::map<std::string, std::unique_ptr<kube::Informer>>;

// Follows all of that resource; in one namespace, where that is named.
std::unique_ptr<kube::Informer> follow(const ControllerContext& context, kube::Resource resource,
                                       const std::string& namespace_, kube::Informer::Key key,
                                       kube::Informer::Callbacks callbacks);

// The same of a selection.
std::unique_ptr<kube::Informer> follow(const ControllerContext& context, kube::Selection selection,
                                       kube::Informer::Key key,
                                       kube::Informer::Callbacks callbacks);

// Whether all of them have told what there is; and if not, which has not.
Result<> have_synced(const Informers& informers);

}  // namespace sandboxlet::scheduler
