#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "agent/sandbox/actions.h"
#include "api/sandbox.h"
#include "base/backoff.h"

namespace sandboxlet::agent {

// What an actor knows besides what it can read back: what is under way and what failed. Lost with
// the agent, and nothing but delays is lost with it. Plain data.

struct Failure {
  Backoff backoff;
  Error error;
  // Of the action that failed last.
  std::string kind;
};

// CrashLoopBackOff of one container.
struct CrashLoop {
  Backoff backoff;
  // Time spent frozen since its last end: it does not count (design: suspend.md, trap 6).
  Duration frozen{};
};

// Its rest: suspension that the agent has decided on (design: suspend.md).
struct Rest {
  // It had no work, and nothing has woken it since.
  bool asleep = false;
  // When work of it was last seen, and when it was last looked for.
  TimePoint last_work{};
  TimePoint looked{};
  // Streams that are open to it: while there is one it has work.
  int held_awake = 0;
  // So a life of the agent before this one has told; the first look says whether it still is so.
  bool is_hearsay = false;
  // And that it was frozen.
  bool was_frozen = false;
  // How deep it is to be at least as the node's memory was short; kRunning: nothing of the kind.
  api::Depth pressed_to = api::Depth::kRunning;
};

// What who waits for such a resume is told.
inline constexpr char kWaitsForMemory[] =
    "The node's memory is short: the Sandbox waits to be resumed";

struct Memory {
  std::map<std::string, Action> under_way;   // by subject
  std::map<std::string, Failure> failures;   // by subject, until it succeeds
  std::map<std::string, CrashLoop> crashes;  // by container
  // Containers that were stopped for a suspension: their end is no crash.
  std::set<std::string> stopped_by_us;
  // A life of the agent before this one was stopping them, too: what the first look finds ended
  // counts as stopped by us.
  bool stop_survives = false;
  std::optional<TimePoint> frozen_since;
  Rest rest;
  // Since when its resume waits for the node to have memory.
  std::optional<TimePoint> waits_for_memory;
  // What status tells of the last resume of this agent's life.
  std::optional<api::LastResume> last_resume;
};

// How long to wait after failures (the kubelet's numbers by default).
struct BackoffLimits {
  Backoff crash{.initial = std::chrono::seconds(10), .max = std::chrono::seconds(300)};
  Backoff image{.initial = std::chrono::seconds(10), .max = std::chrono::seconds(300)};
  Backoff other{.initial = std::chrono::milliseconds(500), .max = std::chrono::seconds(30)};
};

// What an agent knows of a Sandbox that it takes over, from the status that was last told.
Memory memory_of(const api::SandboxStatus& status);

// Every container has ended, by itself, and none is to run again.
bool has_finished(const api::PodSpec& spec, const Observed& observed, const Memory& memory);

// Notes that the action starts, and how it ended.
void begin(Memory& memory, const Action& action, const Observed& observed,
           const BackoffLimits& limits, TimePoint now);
void end_well(Memory& memory, const Action& action, const Observed& observed, TimePoint now);
void end_badly(Memory& memory, const Action& action, Error error, const BackoffLimits& limits,
               TimePoint now);

}  // namespace sandboxlet::agent
