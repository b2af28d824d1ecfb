#pragma once

#include "scheduler-shim/testing/objects.h"

namespace sandboxlet::scheduler {

// Claims, volumes and classes as the API server shows them, with patch merged into each.

// Of 1Gi, of the class "local", in "default", protected; its uid is "uid-NAME".
Json claim_json(const std::string& name, const Json& patch = Json::object());
// The same, bound to that volume.
Json bound_claim_json(const std::string& name, const std::string& volume,
                      const Json& patch = Json::object());
// A free one of that size, of the class "static", for those nodes alone that are named.
Json volume_json(const std::string& name, const std::string& size,
                 const std::vector<std::string>& nodes = {}, const Json& patch = Json::object());
// One of the local provisioner's.
Json local_volume_json(const std::string& name, const std::string& size, const std::string& node,
                       const Json& patch = Json::object());
Json storage_class_json(const std::string& name, const std::string& provisioner,
                        bool waits_for_consumer = true);
// The fields of a pod's spec that have it use those claims.
Json using_claims(const std::vector<std::string>& names, const Json& patch = Json::object());

}  // namespace sandboxlet::scheduler
