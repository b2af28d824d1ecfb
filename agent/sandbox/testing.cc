#include "agent/sandbox/testing.h"

namespace sandboxlet::agent {

namespace {

constexpr int kManySteps = 100;

std::string described(const Action& action) {
  const std::string subject = subject_of(action);
  return subject.find('/') == std::string::npos ? kind_of(action) : kind_of(action) + " " + subject;
}

// What the runtime would answer.
Outcome outcome_of(const TestWorld& world, const Action& action) {
  if (const auto* run = std::get_if<RunPodSandbox>(&action)) {
    ObservedPod pod;
    pod.id = "pod-" + std::to_string(run->attempt);
    pod.attempt = run->attempt;
    pod.ready = true;
    pod.ips = {"10.0.0.2"};
    return pod;
  }
  if (const auto* run = std::get_if<RunContainer>(&action)) {
    ObservedContainer container;
    container.name = run->name;
    container.id = run->name + "-" + std::to_string(run->attempt);
    container.pod_id = world.observed.pod()->id;
    container.attempt = run->attempt;
    container.restart_count = run->restart_count;
    container.state = ContainerState::kRunning;
    container.started = world.wall;
    return container;
  }
  if (const auto* stop = std::get_if<StopContainer>(&action)) {
    ObservedContainer container = *world.observed.container(stop->name);
    container.state = ContainerState::kExited;
    container.exit_code = 143;
    container.finished = world.wall;
    return container;
  }
  if (const auto* freeze = std::get_if<Freeze>(&action)) return Frozen{freeze->watches_traffic};
  if (std::holds_alternative<WatchTraffic>(action)) return FoundTraffic();
  if (std::holds_alternative<Hibernate>(action)) return GivenBack();
  if (std::holds_alternative<StageVolume>(action)) return StagedVolume{"/staged"};
  if (std::holds_alternative<EnsureImage>(action)) return FoundImage();
  if (std::holds_alternative<Observe>(action)) {
    Observed seen = world.observed;
    seen.known = true;
    for (auto& container : seen.containers) {
      for (const auto& pod : seen.pods) {
        if (pod.id != container.pod_id || pod.ready) continue;
        if (container.state != ContainerState::kRunning) continue;
        container.state = ContainerState::kExited;
        container.exit_code = 137;
        container.finished = world.wall;
      }
    }
    return seen;
  }
  return {};
}

}  // namespace

TestWorld::TestWorld() {
  desired.metadata.name = "box";
  desired.metadata.namespace_ = "default";
  desired.metadata.uid = "u-1";
  desired.metadata.generation = 1;
  auto& spec = desired.spec.podTemplate.spec;
  spec.restartPolicy = "Always";
  spec.terminationGracePeriodSeconds = 30;
  spec.containers.emplace_back().name = "main";
  observed.known = true;
}

std::vector<std::string> TestWorld::decided() const {
  std::vector<std::string> kinds;
  for (const auto& action : plan().actions) kinds.push_back(described(action));
  return kinds;
}

std::vector<std::string> TestWorld::converge() {
  std::vector<std::string> done;
  for (int step = 0; step < kManySteps; ++step) {
    const auto next = plan();
    for (const auto& subject : next.settled) memory.failures.erase(subject);
    if (next.actions.empty()) return done;
    for (const auto& action : next.actions) {
      done.push_back(described(action));
      perform(action);
    }
  }
  done.push_back("never ends");
  return done;
}

void TestWorld::perform(const Action& action) {
  begin(memory, action, observed, limits, now);
  const Outcome outcome = outcome_of(*this, action);
  fold(observed, action, outcome);
  end_well(memory, action, observed, now);
}

void TestWorld::fail(const Action& action, Error error) {
  begin(memory, action, observed, limits, now);
  end_badly(memory, action, std::move(error), limits, now);
}

void TestWorld::exit(const std::string& name, int code) {
  const std::string id = observed.container(name)->id;
  for (auto& container : observed.containers) {
    if (container.id != id) continue;
    container.state = ContainerState::kExited;
    container.exit_code = code;
    container.finished = wall;
  }
}

void TestWorld::suspend(const std::string& depth) {
  desired.spec.operatingMode = "Suspended";
  desired.spec.suspend.emplace().depth = depth;
}

void TestWorld::resume() { desired.spec.operatingMode = "Running"; }

}  // namespace sandboxlet::agent
