#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>

#include "kube/informer.h"
#include "scheduler-shim/controller.h"
#include "scheduler-shim/network/route.h"

namespace sandboxlet::network {

// The routes that Sandboxes refer to. A kind is followed from the first reference to it on; one
// that the cluster does not have is asked for again and again, at most a minute apart (the
// reflector's back-off). Belongs to the core thread.
class RouteTable {
 public:
  // on_change: of each Sandbox, by its uid, for which a route has changed.
  RouteTable(const scheduler::ControllerContext& context,
             std::function<void(const std::string& uid)> on_change);

  // What that Sandbox refers to from now on.
  void refer(const Reach& reach);
  void forget(const std::string& uid);
  // Of all routes that it refers to; nothing while a kind is not known yet.
  std::optional<std::vector<RouteStatus>> statuses(const Reach& reach,
                                                   const std::vector<std::string>& services) const;

 private:
  // Kind, namespace, name.
  using Key = std::tuple<std::string, std::string, std::string>;
  struct Kind {
    const RouteKind* kind = nullptr;
    // By uid.
    std::unordered_map<std::string, Route> routes;
    // Why it cannot be read; empty where it can, or where that is not known yet.
    std::string trouble;
    std::unique_ptr<kube::Informer> informer;
  };

  void follow(const RouteKind& kind);
  void changed(const Kind& kind, const Route& route);
  void changed(const Kind& kind);
  RouteKnowledge knowledge(const Kind& kind, const Key& key) const;

  const scheduler::ControllerContext context_;
  const std::function<void(const std::string& uid)> on_change_;
  std::map<std::string, Kind> kinds_;
  std::map<Key, std::string> uids_;
  std::map<Key, std::set<std::string>> referrers_;
  std::unordered_map<std::string, std::vector<Key>> references_;
};

}  // namespace sandboxlet::network
