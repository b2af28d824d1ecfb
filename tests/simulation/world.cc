#include "tests/simulation/world.h"

#include <array>
#include <filesystem>
#include <fstream>

#include "tests/simulation/check.h"
#include "tests/simulation/manifest.h"

namespace sandboxlet::simulation {

using namespace std::chrono_literals;

namespace {

constexpr char kScratch[] = "/volumes/scratch";
constexpr char kData[] = "/claims/data";
constexpr char kMark[] = "/mark";
// Where nothing fails and memory is not short, a thaw takes no time here.
constexpr Duration kAtOnce = 100ms;

api::Depth bottom_of(const api::SandboxSpec& spec) {
  if (!spec.suspend) return api::asked_depth(spec);
  return std::max(api::asked_depth(spec), api::parse_depth(spec.suspend->deepest));
}

}  // namespace

World::World(uint64_t seed) : random_(seed) { start_agent(); }

bool World::once_in(int times) { return random_() % static_cast<uint64_t>(times) == 0; }

// ---- The user

std::string World::create() {
  const auto made = sandbox("box-" + std::to_string(++sequence_), once_in(3) ? 2 : 1);
  say(made);
  return made.metadata.uid;
}

std::string World::create_restful() {
  api::Sandbox made = sandbox("box-" + std::to_string(++sequence_), once_in(3) ? 2 : 1);
  constexpr std::array kDeepest{api::Depth::kFreeze, api::Depth::kHibernate, api::Depth::kStop};
  auto& suspend = made.spec.suspend.emplace();
  suspend.depth = to_string(api::Depth::kFreeze);
  suspend.deepest = to_string(kDeepest[random_() % kDeepest.size()]);
  suspend.idleTimeout = once_in(2) ? "30s" : "";
  if (once_in(3)) suspend.wakeOnTraffic = true;
  say(made);
  return made.metadata.uid;
}

// It goes deeper by itself only where it was made so, and not less deep than it is asked to.
void World::suspend(const std::string& uid, api::Depth depth) {
  api::Sandbox next = desired_.at(uid);
  next.spec.operatingMode = "Suspended";
  auto& suspend = next.spec.suspend ? *next.spec.suspend : next.spec.suspend.emplace();
  suspend.depth = api::to_string(depth);
  if (api::parse_depth(suspend.deepest) < depth) suspend.deepest = suspend.depth;
  mark_data();
  if (depth == api::Depth::kTerminate) {
    marks_[uid].erase(machine_.data_root() + "/sandboxes/" + uid + kScratch + kMark);
  }
  say(std::move(next));
}

void World::resume(const std::string& uid) {
  api::Sandbox next = desired_.at(uid);
  next.spec.operatingMode = "Running";
  say(std::move(next));
}

void World::remove(const std::string& uid) {
  api::Sandbox next = desired_.at(uid);
  next.metadata.deletionTimestamp = "2027-01-15T08:00:00Z";
  marks_.erase(uid);
  say(std::move(next));
}

void World::say(api::Sandbox sandbox) {
  const bool is_new = !desired_.contains(sandbox.metadata.uid);
  if (!is_new) ++sandbox.metadata.generation;
  desired_[sandbox.metadata.uid] = sandbox;
  api::Depth& bottom = bottoms_[sandbox.metadata.uid];
  bottom = std::max(bottom, bottom_of(sandbox.spec));
  if (!life_) return;
  if (is_new) {
    life_->manager().want_new(std::move(sandbox));
  } else {
    life_->manager().want(std::move(sandbox));
  }
}

// ---- The machine

void World::kill_agent(bool finish_calls) {
  machine_.runtime().client_died(finish_calls);
  life_.reset();
}

void World::start_agent() {
  life_ = std::make_unique<Life>(machine_, desired_);
  life_->on_status = [this](const api::Sandbox& told) { note_status(told); };
  life_->on_operation = [this](const api::Sandbox& sandbox, const std::string& kind) {
    check_operation(sandbox, kind);
  };
}

void World::begin_faults() {
  machine_.begin_faults([this] { return random_(); });
}

void World::end_faults() { machine_.end_faults(); }

void World::end_some_container(int code) {
  machine_.end_some_container([this] { return random_(); }, code);
}

void World::look_for_work() {
  if (!life_) return;
  for (const auto& [uid, actor] : life_->manager().actors()) {
    if (actor->watched_process() == 0) continue;
    actor->looked_for_work(once_in(8), life_->loop().clock().now());
  }
}

void World::set_memory_short(bool is_short) {
  if (life_) life_->manager().set_memory_short(is_short);
}

// ---- Time

void World::step() { machine_.step(life_ ? &life_->loop() : nullptr); }
void World::run_for(Duration time) { machine_.run_for(life_ ? &life_->loop() : nullptr, time); }

std::vector<std::string> World::converge() {
  mark_data();
  std::vector<std::string> wrong;
  // What was asked for by the dead may be done yet, and a relist finds it.
  run_for(1min);
  // Past the longest back-off of a crash loop, many times.
  const TimePoint end = machine_.clock().now() + 1h;
  do {
    set_memory_short(false);
    run_for(1s);
    wrong = problems();
  } while (!wrong.empty() && machine_.clock().now() < end);
  mark_data();
  return wrong;
}

// ---- What is wrong

void World::note_status(const api::Sandbox& told) {
  const auto& suspend = told.status.suspend;
  if (suspend && !suspend->depth.empty()) return;
  bottoms_[told.metadata.uid] = bottom_of(desired_.at(told.metadata.uid).spec);
}

// What died is told as deeper than it was brought.
void World::check_operation(const api::Sandbox& sandbox, const std::string& kind) {
  const std::string& uid = sandbox.metadata.uid;
  const auto& suspend = sandbox.status.suspend;
  const bool rests = suspend && !suspend->depth.empty();
  const bool is_deleted = !sandbox.metadata.deletionTimestamp.empty();
  if (kind != "StopContainer" || !rests || is_deleted) return;
  if (bottoms_[uid] < api::Depth::kStop) machine_.violated(uid + " was stopped, and may not be");
}

std::vector<std::string> World::resume_the_frozen() {
  std::vector<std::string> resumed;
  for (const auto& [uid, sandbox] : desired_) {
    if (machine_.cgroups().frozen(uid)) resumed.push_back(uid);
  }
  for (const auto& uid : resumed) resume(uid);
  run_for(kAtOnce);
  std::vector<std::string> late;
  for (const auto& uid : resumed) {
    if (machine_.cgroups().frozen(uid)) late.push_back(uid + " is frozen still");
  }
  return late;
}

void World::mark_data() {
  for (const auto& [uid, sandbox] : desired_) {
    if (!sandbox.metadata.deletionTimestamp.empty()) continue;
    for (const char* volume : {kScratch, kData}) {
      // What is on its way to its removal, or may go there by itself, is none to be kept.
      const auto& suspend = sandbox.spec.suspend;
      if (volume == kScratch && suspend && suspend->deepest == "Terminate") continue;
      const std::string path = machine_.data_root() + "/sandboxes/" + uid + volume;
      if (!std::filesystem::exists(path) || marks_[uid].contains(path + kMark)) continue;
      std::ofstream(path + kMark) << "kept";
      marks_[uid].insert(path + kMark);
    }
  }
}

std::vector<std::string> World::problems() {
  std::vector<std::string> found = machine_.violations();
  for (const auto& [uid, sandbox] : desired_)
    check_sandbox(machine_, sandbox, api::Depth::kStop, found);
  std::set<std::string> known;
  for (const auto& [uid, sandbox] : desired_) known.insert(uid);
  check_leaks(machine_, known, known, found);
  for (const auto& [uid, actor] : life_->manager().actors()) {
    if (!actor->is_idle() || !actor->observed().known) found.push_back(uid + " is busy");
  }
  for (const auto& [uid, files] : marks_) {
    for (const auto& file : files) {
      if (!std::filesystem::exists(file)) found.push_back(uid + ": lost " + file);
    }
  }
  return found;
}

std::vector<std::string> World::second_pass() {
  life_->operations().clear();
  machine_.runtime().clear_calls();
  for (const auto& [uid, actor] : life_->manager().actors()) actor->look();
  run_for(12s);
  std::vector<std::string> done;
  for (const auto& operation : life_->operations()) {
    if (operation != "Observe") done.push_back(operation);
  }
  for (const auto& call : machine_.runtime().calls()) {
    const bool asks = call.verb.starts_with("List") || call.verb.ends_with("Status");
    if (!asks) done.push_back(call.verb + " " + call.subject);
  }
  return done;
}

}  // namespace sandboxlet::simulation
