#pragma once

#include <optional>

#include "agent/sandbox/situation.h"

namespace sandboxlet::agent {

// Suspension as it is to be: by the user's word, for want of work, and deeper than either where
// time or pressure has it so (design: suspend.md). All pure.

// The depth to be brought to, of those that the node can do; kRunning where it is to run.
api::Depth rest_depth(const Situation& situation);
// True where the user, or idleness, wants it suspended.
bool wants_rest(const api::SandboxSpec& spec, const Rest& rest);
// What status.suspend says of why: "User", "Idle" or "Pressure".
std::string rest_reason(const Situation& situation);
// When time alone makes it deeper.
std::optional<TimePoint> deepens_at(const Situation& situation);
// Where pressure would bring it next; nothing where it is to run, or may go no deeper.
std::optional<api::Depth> depth_under_pressure(const Situation& situation);

// How long it may be without work before it is suspended; nothing where it never is.
std::optional<Duration> idle_timeout(const api::SandboxSpec& spec);
// Whether work is to be looked for: it runs, and would be suspended for want of it.
bool is_watched_for_work(const Situation& situation);
// It has had no work for long enough, as far as was looked.
bool is_idle(const Situation& situation);

// Whether a packet resumes it (api/wake.h); what it ran on must be there.
bool wakes_on_traffic(const Situation& situation);

// What an agent that takes the Sandbox over knows from the status that was last told.
Rest rest_of(const api::Sandbox& sandbox);

}  // namespace sandboxlet::agent
