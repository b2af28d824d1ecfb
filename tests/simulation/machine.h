#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "agent/sandbox/fake_traffic.h"
#include "agent/suspend/fake_cgroups.h"
#include "base/manual_loop.h"
#include "cri/fake.h"

namespace sandboxlet::simulation {

namespace asio = boost::asio;

// What outlives an agent: the runtime with its pods, the kernel with its cgroups and processes, and
// a folder on a real file system. Time passes when it is told to. Everything on one thread.
class Machine {
 public:
  Machine();
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  ManualClock& clock() { return clock_; }
  cri::FakeRuntime& runtime() { return runtime_; }
  const cri::FakeRuntime& runtime() const { return runtime_; }
  agent::FakeCgroups& cgroups() { return cgroups_; }
  const agent::FakeCgroups& cgroups() const { return cgroups_; }
  agent::FakeTraffic& traffic() { return traffic_; }
  const agent::FakeTraffic& traffic() const { return traffic_; }
  std::string data_root() const { return folder_ + "/data"; }
  std::string log_root() const { return folder_ + "/logs"; }

  // ---- Time, on this machine and in the agent on it, if there is one. Runs one handler of the
  // agent's; where none is ready, answers false and lets time pass to the next timer of either.
  bool step(ManualLoop* agent);
  void run_for(ManualLoop* agent, Duration time);

  // ---- What goes wrong, as a source of random numbers has it. Calls to the runtime fail, lose
  // their answers and linger; freezes fail; events are lost.
  using Random = std::function<uint64_t()>;
  void begin_faults(const Random& random);
  void end_faults();
  void end_some_container(const Random& random, int code);

  bool is_alive(pid_t pid) const;
  // As agent::watch_exit; on_exit comes through io.
  Result<std::shared_ptr<void>> watch_exit(asio::io_context& io, pid_t pid,
                                           std::function<void()> on_exit);
  // Asked at each exit: true loses its event.
  std::function<bool()> loses_event;

  // True where a process of that cgroup is there, be it a pod's own.
  bool runs_anything(const std::string& cgroup_parent);

  // What happened that never may, in the order in which it did.
  const std::vector<std::string>& violations() const { return violations_; }
  void violated(std::string what) { violations_.push_back(std::move(what)); }

 private:
  struct Watch {
    asio::io_context* io;
    pid_t pid;
    std::function<void()> on_exit;
  };

  void exited(pid_t pid);
  void pass_until(ManualLoop* agent, TimePoint when);
  TimePoint next(ManualLoop* agent) const;

  ManualClock clock_;
  cri::FakeRuntime runtime_;
  agent::FakeCgroups cgroups_;
  agent::FakeTraffic traffic_;
  std::string folder_;
  using Watches = std::list<std::shared_ptr<Watch>>;
  std::shared_ptr<Watches> watches_ = std::make_shared<Watches>();
  std::vector<std::string> violations_;
};

}  // namespace sandboxlet::simulation
