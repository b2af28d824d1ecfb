#pragma once

#include "agent/sandbox/plan.h"
#include "api/sandbox.h"

namespace sandboxlet::agent {

// What users see of a Sandbox. Conditions, reasons and messages are upstream's to the letter where
// upstream has them (agent-sandbox: controllers/sandbox_controller.go); ours are for depths that it
// does not know. Times stay as they were in previous while what they tell of stays. Pure.
api::SandboxStatus status_of(const Situation& situation, const api::SandboxStatus& previous);

// How deep the Sandbox is suspended in fact; kRunning where it is not.
api::Depth depth_reached(const Situation& situation);

}  // namespace sandboxlet::agent
