#pragma once

#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>

#include "scheduler-shim/queue.h"
#include "scheduler-shim/read_pod_info.h"
#include "scheduler-shim/schedule.h"
#include "scheduler-shim/testing/objects.h"
#include "tests/scheduling/naive.h"

namespace sandboxlet::scheduler {

// An API server with nodes and Sandboxes that change by chance, a watch that lags behind it and
// brings different objects out of order, and a scheduler wired to both as the shim is. After each
// step everything is held against the naive rules.
class World {
 public:
  explicit World(uint64_t seed);

  // One thing happens: to the cluster, to the watch, to the scheduler, or time passes.
  void step();
  // Nothing more changes; all that is under way comes to its end.
  void settle();

  // Fails the test where the cache or the queue is not as it must be.
  void check();

  int decided() const { return decided_; }
  int refused() const { return refused_; }

 private:
  struct Event {
    enum class Kind { kSandbox, kNode, kClaim, kVolume } kind;
    std::string key;
    // As the object was; null where it was deleted.
    Json object;
  };

  size_t below(size_t end) { return random_() % end; }
  bool once_in(size_t times) { return below(times) == 0; }
  std::string any_sandbox();

  void change_nodes();
  void change_sandboxes();
  void create_sandbox();
  Json random_pod_spec();
  // What the shim, the agents and Kubernetes' controllers make of claims, one step of it.
  void change_claims();
  void create_claim(const std::string& sandbox, const std::string& namespace_);
  Json random_term();
  void publish(Event::Kind kind, const std::string& key, const Json& object);

  // Delivers one event, of those that are the next of their object.
  void deliver();
  void deliver_sandbox(const Event& event);
  void deliver_node(const Event& event);
  void deliver_claim(const Event& event);
  void deliver_volume(const Event& event);
  void change_lease();

  // One turn of the scheduler.
  void decide();
  void bind(const PodInfo& pod, const Decision& decision);
  void expire();
  void check_decision(const PodInfo& pod, const Decision& decision);
  void check_cache();
  void check_queue();

  std::mt19937_64 random_;
  TimePoint now_{std::chrono::hours(1)};
  Classes classes_;
  PodReader reader_{classes_};
  VolumeIndex volumes_;
  Cache cache_;
  Scheduler scheduler_;
  Queue queue_;

  // The API server.
  std::map<std::string, Json> sandboxes_;
  std::map<std::string, Json> nodes_;
  // By the uids of their Sandboxes.
  std::map<std::string, Json> claims_;
  std::set<std::string> volumes_made_;
  int created_ = 0;
  // By object, what the watch has not brought yet.
  std::map<std::string, std::deque<Event>> undelivered_;

  // What the scheduler was told: its own picture, and who must be in its queue.
  Known known_;
  std::set<std::string> assumed_;
  std::map<std::string, PodInfo> pending_;
  int decided_ = 0;
  int refused_ = 0;
};

}  // namespace sandboxlet::scheduler
