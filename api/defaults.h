#pragma once

#include <string>
#include <string_view>

#include "api/sandbox.h"

namespace sandboxlet::api {

// Sets what a manifest leaves open, as the API server does for a Pod and a claim (kubernetes:
// pkg/apis/core/v1/defaults.go) and upstream's CRD for a Sandbox; doing it again changes nothing.
// spec.suspend.wakeOnTraffic stays unset: an explicit true means more than its default does.
void set_defaults(Sandbox& sandbox);

// Always for the tag "latest" or none, IfNotPresent for another tag or a digest alone.
std::string default_pull_policy(std::string_view image);

}  // namespace sandboxlet::api
