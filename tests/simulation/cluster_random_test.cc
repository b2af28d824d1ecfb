#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "tests/simulation/cluster.h"

namespace sandboxlet::simulation {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using Json = nlohmann::json;

constexpr uint64_t kSeeds = 100;
constexpr int kMoments = 60;
constexpr int kNames = 5;

std::string any_name(Cluster& cluster) {
  return "box-" + std::to_string(cluster.random()() % kNames);
}

api::Depth any_depth(Cluster& cluster) {
  constexpr std::array kDepths{api::Depth::kFreeze, api::Depth::kStop, api::Depth::kTerminate};
  return kDepths[cluster.random()() % kDepths.size()];
}

// What this agent cannot do, and takes back again.
Json odd_field(const Json& value) {
  return {{"spec", {{"podTemplate", {{"spec", {{"unheardOf", value}}}}}}}};
}

// On the node's socket; nobody waits for the answer.
void ask_the_agent(Cluster& cluster, const std::string& name) {
  auto ignore = [](const std::exception_ptr& failure, const Result<api::Sandbox>&) {
    die_on_exception(failure);
  };
  auto asked = cluster.once_in(2)
                   ? cluster.source().suspend({"", name}, to_string(any_depth(cluster)))
                   : cluster.source().resume({"", name}, "User");
  asio::co_spawn(cluster.life().loop().io(), std::move(asked), ignore);
}

// Something that a user or a scheduler does.
void say_something(Cluster& cluster) {
  const std::string name = any_name(cluster);
  if (cluster.get(name).is_null()) {
    cluster.create(name, cluster.once_in(3) ? 2 : 1);
    if (cluster.once_in(2)) cluster.bind(name);
    return;
  }
  switch (cluster.random()() % 13) {
    case 0:
    case 1:
      return cluster.remove(name);
    case 2:
      return cluster.force_remove(name);
    case 3:
      // A namesake at once.
      cluster.force_remove(name);
      cluster.create(name);
      cluster.bind(name);
      return;
    case 4:
      cluster.bind(name, cluster.once_in(2) ? "node-2" : kNode);
      return;
    case 5:
    case 6:
      cluster.suspend(name, any_depth(cluster));
      return;
    case 7:
      cluster.resume(name);
      return;
    case 8:
      cluster.patch(name,
                    {{"metadata", {{"labels", {{"k", cluster.random()() % 3 == 0 ? "a" : "b"}}}}}});
      return;
    case 9:
      ask_the_agent(cluster, name);
      return;
    case 10:
      cluster.patch(name, odd_field(cluster.once_in(2) ? Json(1) : Json()));
      return;
    default:
      cluster.bind(name);
  }
}

// Something that a machine does.
void do_something(Cluster& cluster) {
  switch (cluster.random()() % 6) {
    case 0:
      return cluster.machine().end_some_container([&] { return cluster.random()(); },
                                                  cluster.once_in(2) ? 1 : 0);
    case 1:
      return cluster.machine().runtime().go_away();
    case 2:
      return cluster.machine().runtime().come_back();
    case 3:
      return cluster.strike();
    case 4:
      cluster.strike();
      return cluster.other_nodes();
    default:
      cluster.kill_agent(cluster.once_in(2));
      return cluster.start_agent();
  }
}

void live(Cluster& cluster) {
  cluster.begin_faults();
  for (int moment = 0; moment < kMoments; ++moment) {
    cluster.once_in(4) ? do_something(cluster) : say_something(cluster);
    const auto steps = cluster.random()() % 60;
    for (uint64_t i = 0; i < steps; ++i) cluster.step();
    if (cluster.once_in(10)) cluster.run_for(1min);
  }
  cluster.end_faults();
  for (const auto& [uid, object] : cluster.objects()) {
    cluster.patch(object["metadata"]["name"], odd_field(nullptr));
  }
}

void check(uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Cluster cluster(seed);
  live(cluster);
  ASSERT_THAT(cluster.converge(), IsEmpty());
  ASSERT_THAT(cluster.second_pass(), IsEmpty());
  ASSERT_THAT(cluster.problems(), IsEmpty());
}

// Users of the API server and of the node, schedulers, errors, lost events and deaths in an order
// that the seed decides. Whatever came, in the end everything is as the API server wants it and
// says so there, and nothing more is done or written. CLUSTER_SEED runs one.
TEST(ClusterRandom, EndsAsTheApiServerWantsIt) {
  spdlog::set_level(spdlog::level::off);
  if (const char* const one = std::getenv("CLUSTER_SEED")) return check(std::stoull(one));
  for (uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) check(seed);
}

}  // namespace
}  // namespace sandboxlet::simulation
