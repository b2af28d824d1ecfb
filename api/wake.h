#pragma once

#include "api/sandbox.h"

namespace sandboxlet::api {

// Whom traffic wakes (design: suspend.md): agent and shim go by the same rule. Pure.

// Why it is Resuming, where nothing but its thaw is awaited.
inline constexpr char kThawing[] = "SandboxThawing";

// Whether traffic resumes it while it is frozen. What the user has suspended wakes only where its
// spec says so, what sleeps by itself unless its spec says no.
bool wakes_on_traffic(const SandboxSpec& spec);

// Whether it answers who talks to it, as its status tells: it is Ready, or sleeps at a depth from
// which traffic wakes it. So it does on its way there and back, which takes milliseconds.
bool takes_traffic(const Sandbox& sandbox);

}  // namespace sandboxlet::api
