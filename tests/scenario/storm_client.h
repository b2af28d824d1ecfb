#pragma once

#include <atomic>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "api/sandbox.h"
#include "cri/client.h"
#include "tests/rig/agent_process.h"
#include "tests/rig/core_loop.h"

namespace sandboxlet::test {

namespace pb = ::sandboxlet::v1;

enum class Wanted { kAbsent, kRunning, kFrozen, kStopped, kTerminated };
std::string_view to_string(Wanted wanted);

// A Sandbox as the one client knows it that speaks of it.
struct StormBox {
  std::string name;
  // Is created once, and from then on only frozen and resumed.
  bool steady = false;
  // What the last accepted word may have been: one, or one for each call that was never answered.
  std::set<Wanted> may_be{Wanted::kAbsent};
  // Its process, since it was first seen to be Ready and while nobody asked for its end.
  pid_t pid = 0;
  // The last whose end was asked for: whatever became of the call, it may go at any moment.
  pid_t condemned = 0;
  std::string uid;
};

// One of several clients of an agent that is killed time and again: says random things about
// Sandboxes that are its own, and holds every answer against what was answered before. Runs on one
// thread; what it finds wrong is in faults().
class StormClient {
 public:
  StormClient(const AgentProcess& agent, const PrivateRuntime& runtime, uint64_t seed,
              const std::string& name);

  // Until told to end.
  void run(const std::atomic<bool>& end);
  // Waits until all is as the last accepted word wants it.
  void settle();
  // Resumes all that is suspended.
  void resume();

  const std::vector<StormBox>& boxes() const { return boxes_; }
  const std::vector<std::string>& faults() const { return faults_; }
  int accepted() const { return accepted_; }
  int unanswered() const { return unanswered_; }

 private:
  void say_something(StormBox& box);
  void say(StormBox& box, Wanted next);
  grpc::Status call(const StormBox& box, Wanted now, Wanted next);
  // Reads what is wanted now, and holds it against what may be.
  void look(StormBox& box);
  std::optional<api::Sandbox> get(const std::string& name);
  void condemn(StormBox& box);
  void check_process(StormBox& box);
  pid_t process_of(const StormBox& box);
  std::string in_the_runtime(const StormBox& box);
  void fault(const StormBox& box, const std::string& what);

  std::unique_ptr<pb::Sandboxlet::Stub> agent_;
  cri::Client runtime_;
  CoreLoop loop_;
  std::mt19937_64 random_;
  std::vector<StormBox> boxes_;
  std::vector<std::string> faults_;
  int accepted_ = 0;
  int unanswered_ = 0;
};

}  // namespace sandboxlet::test
