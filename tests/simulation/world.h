#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/simulation/life.h"

namespace sandboxlet::simulation {

// A machine, its agent while there is one, and the user's words. Each method is one moment; step()
// and run_for() let things happen between them. The same seed is the same world.
class World {
 public:
  explicit World(uint64_t seed);

  Machine& machine() { return machine_; }
  const Machine& machine() const { return machine_; }
  Life& life() { return *life_; }
  const Desired& desired() const { return desired_; }
  std::mt19937_64& random() { return random_; }
  // True once in that many times.
  bool once_in(int times);

  // ---- The user. What is said to no agent is on disk when the next one starts.
  std::string create();
  // One that may be suspended for want of work, and go deeper by itself as far as it is let.
  std::string create_restful();
  void suspend(const std::string& uid, api::Depth depth);
  void resume(const std::string& uid);
  void remove(const std::string& uid);

  // ---- The machine.
  // kill -9, wherever it is; what it had asked of the runtime is done none the less, or is not.
  void kill_agent(bool finish_calls);
  void start_agent();
  // Calls to the runtime fail, lose their answers and linger; freezes fail; events are lost.
  void begin_faults();
  void end_faults();
  void end_some_container(int code);
  // Each Sandbox is looked at, and has work or has none.
  void look_for_work();
  void packet(const std::string& uid) { machine_.traffic().packet(uid); }
  void set_memory_short(bool is_short);

  // ---- Time. Runs one handler, or lets time pass to the next timer.
  void step();
  void run_for(Duration time);
  // Runs until the Sandboxes are as wanted; what is wrong when that never comes.
  std::vector<std::string> converge();

  // Whether all that is frozen runs again, as soon as it is wanted to.
  std::vector<std::string> resume_the_frozen();
  // What is not as it is wanted, and what may never be; empty when all is well.
  std::vector<std::string> problems();
  // What a converged world does when everything is looked at again.
  std::vector<std::string> second_pass();

 private:
  void say(api::Sandbox sandbox);
  // Nothing goes deeper than was asked for, or than it may go by itself, since it last ran.
  void note_status(const api::Sandbox& told);
  void check_operation(const api::Sandbox& sandbox, const std::string& kind);
  void mark_data();

  std::mt19937_64 random_;
  Machine machine_;
  Desired desired_;
  std::unique_ptr<Life> life_;
  int sequence_ = 0;
  std::map<std::string, api::Depth> bottoms_;  // by uid
  // Files that were put into volumes, by uid: there as long as their volume is to be kept.
  std::map<std::string, std::set<std::string>> marks_;
};

}  // namespace sandboxlet::simulation
