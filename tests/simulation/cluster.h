#pragma once

#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "kube/fake_weather.h"
#include "tests/simulation/cluster_life.h"

namespace sandboxlet::simulation {

inline constexpr char kNode[] = "node-1";

// An API server, one node with its agent while there is one, and the users of both. Each method is
// one moment; step() and run_for() let things happen between them. The same seed is the same
// cluster.
class Cluster {
 public:
  using Json = nlohmann::json;

  explicit Cluster(uint64_t seed = 1);

  Machine& machine() { return machine_; }
  kube::FakeApiServer& server() { return server_; }
  ClusterLife& life() { return *life_; }
  agent::ApiSource& source() { return life_->source(); }
  std::mt19937_64& random() { return random_; }
  // True once in that many times.
  bool once_in(int times);

  // ---- Who talks to the API server, each at once. Answers the object as it is then; null where
  // that is refused.
  Json create(const std::string& name, int containers = 1);
  Json bind(const std::string& name, const std::string& node = kNode);
  Json patch(const std::string& name, const Json& patch);
  Json suspend(const std::string& name, api::Depth depth);
  Json resume(const std::string& name);
  void remove(const std::string& name);
  void force_remove(const std::string& name);
  // null where there is none.
  Json get(const std::string& name) const;
  // By uid.
  std::map<std::string, Json> objects() const;
  // Who runs what is bound elsewhere: lets go of what is being deleted there.
  void other_nodes();

  // ---- The node.
  void kill_agent(bool finish_calls = true);
  // Its node's lease was renewed so long ago.
  void start_agent(Duration renewed_ago = {});
  void begin_faults();
  void strike() { weather_.strike(); }
  void end_faults();

  // ---- Time.
  // As Machine::step.
  bool step() { return machine_.step(life_ ? &life_->loop() : nullptr); }
  void run_for(Duration time) { machine_.run_for(life_ ? &life_->loop() : nullptr, time); }
  // What the agent answers on its socket, however long that takes.
  template <class T>
  T run(Task<T> task);
  // Runs until all is as it is wanted; what is wrong when that never comes.
  std::vector<std::string> converge();

  // What is not as the API server wants it; empty when all is well.
  std::vector<std::string> problems();
  // What a converged cluster does when everything is looked at again.
  std::vector<std::string> second_pass();

 private:
  static kube::ObjectRef ref(const std::string& name, std::string_view subresource = {});
  void check_object(const Json& object, std::vector<std::string>& found);
  void mark_data();
  void check_data(std::vector<std::string>& found) const;
  std::string mark(const std::string& uid) const;

  std::mt19937_64 random_;
  Machine machine_;
  kube::FakeApiServer server_;
  kube::FakeWeather weather_;
  std::unique_ptr<ClusterLife> life_;
  // Uids of those that were taken from this node once: it keeps their data for good.
  std::set<std::string> moved_;
  // Uids of those whose claim this node has, and has been marked.
  std::set<std::string> marked_;
};

template <class T>
T Cluster::run(Task<T> task) {
  std::optional<T> answer;
  auto take = [&answer](const std::exception_ptr& failure, T value) {
    die_on_exception(failure);
    answer.emplace(std::move(value));
  };
  asio::co_spawn(life_->loop().io(), std::move(task), take);
  while (!answer) step();
  return *std::move(answer);
}

}  // namespace sandboxlet::simulation
