#pragma once

#include "scheduler-shim/network/reach.h"

namespace sandboxlet::network {

// The Sandbox "default/box" of uid "u-1" and version 7, with patch merged into it: on "node-1" at
// 10.0.0.2, Ready, with the container ports http (8080) and dns (53, UDP). Asks for nothing.
Json box(const Json& patch = Json::object());

// An object that it controls, as the API server shows one that body was created as.
Json shown(Json body, const std::string& uid, const Json& patch = Json::object());

}  // namespace sandboxlet::network
