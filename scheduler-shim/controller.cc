#include "scheduler-shim/controller.h"

#include <spdlog/spdlog.h>

namespace sandboxlet::scheduler {

std::unique_ptr<kube::Informer> follow(const ControllerContext& context, kube::Resource resource,
                                       const std::string& namespace_, kube::Informer::Key key,
                                       kube::Informer::Callbacks callbacks) {
  return follow(context, {resource, namespace_, "", ""}, key, std::move(callbacks));
}

std::unique_ptr<kube::Informer> follow(const ControllerContext& context, kube::Selection selection,
                                       kube::Informer::Key key,
                                       kube::Informer::Callbacks callbacks) {
  const std::string name(selection.resource.plural);
  if (!callbacks.synced) callbacks.synced = [] {};
  callbacks.connected = [name, then = std::move(callbacks.connected)](bool is,
                                                                      const std::string& why) {
    if (then) then(is, why);
    if (is) {
      spdlog::info("{}: followed", name);
    } else {
      spdlog::warn("{}: {}", name, why);
    }
  };
  return std::make_unique<kube::Informer>(context.io, context.clock, context.streams,
                                          std::move(selection), key, std::move(callbacks));
}

Result<> have_synced(const Informers& informers) {
  for (const auto& [name, informer] : informers) {
    if (!informer->has_synced()) return Error(Code::kUnavailable, name + " are not known yet");
  }
  return {};
}

}  // namespace sandboxlet::scheduler
