#include "tests/simulation/cluster.h"

#include <filesystem>
#include <fstream>

#include "agent/source/api_object.h"
#include "api/json.h"
#include "kube/fake_kinds.h"
#include "tests/simulation/check.h"
#include "tests/simulation/manifest.h"

namespace sandboxlet::simulation {

using namespace std::chrono_literals;

namespace {

using Json = nlohmann::json;

std::string text(const Json& object, const char* pointer) {
  return object.value(Json::json_pointer(pointer), "");
}

Json answered(kube::FakeAnswer answer) {
  return answer.status < 400 ? std::move(answer.body) : Json();
}

}  // namespace

Cluster::Cluster(uint64_t seed)
    : random_(seed), server_(machine_.clock()), weather_(server_, [this] { return random_(); }) {
  server_.objects().create({kube::kNamespaces, "", "default", ""},
                           {{"metadata", {{"name", "default"}}}});
  start_agent();
}

bool Cluster::once_in(int times) { return random_() % static_cast<uint64_t>(times) == 0; }

// ---- Who talks to the API server

kube::ObjectRef Cluster::ref(const std::string& name, std::string_view subresource) {
  return {kube::kSandboxes, "default", name, subresource};
}

Json Cluster::create(const std::string& name, int containers) {
  return answered(server_.objects().create(
      ref(name), Json::parse(api::write_sandbox(sandbox(name, containers)))));
}

Json Cluster::bind(const std::string& name, const std::string& node) {
  const Json before = get(name);
  if (before.is_null()) return nullptr;
  const std::string uid = text(before, "/metadata/uid");
  if (text(before, "/status/nodeName") == kNode && node != kNode) moved_.insert(uid);
  return answered(
      server_.objects().merge_patch(ref(name, "status"), {{"status", {{"nodeName", node}}}}));
}

Json Cluster::patch(const std::string& name, const Json& patch) {
  return answered(server_.objects().merge_patch(ref(name), patch));
}

Json Cluster::suspend(const std::string& name, api::Depth depth) {
  return patch(
      name, {{"spec",
              {{"operatingMode", "Suspended"}, {"suspend", {{"depth", api::to_string(depth)}}}}}});
}

Json Cluster::resume(const std::string& name) {
  return patch(name, {{"spec", {{"operatingMode", "Running"}}}});
}

void Cluster::remove(const std::string& name) { server_.objects().remove(ref(name)); }

void Cluster::force_remove(const std::string& name) { server_.objects().force_remove(ref(name)); }

Json Cluster::get(const std::string& name) const {
  return answered(server_.objects().get(ref(name)));
}

std::map<std::string, Json> Cluster::objects() const {
  std::map<std::string, Json> all;
  for (const Json& object :
       server_.objects().select({kube::fake_collection(ref("")), "", "", ""})) {
    all[text(object, "/metadata/uid")] = object;
  }
  return all;
}

void Cluster::other_nodes() {
  for (const auto& [uid, object] : objects()) {
    const bool is_deleted = !text(object, "/metadata/deletionTimestamp").empty();
    if (is_deleted && text(object, "/status/nodeName") != kNode) {
      force_remove(text(object, "/metadata/name"));
    }
  }
}

// ---- The node

void Cluster::kill_agent(bool finish_calls) {
  mark_data();
  life_->die(finish_calls);
  life_.reset();
}

void Cluster::start_agent(Duration renewed_ago) {
  life_ = std::make_unique<ClusterLife>(machine_, server_, kNode, renewed_ago);
}

void Cluster::begin_faults() {
  machine_.begin_faults([this] { return random_(); });
  weather_.begin();
}

void Cluster::end_faults() {
  machine_.end_faults();
  weather_.end();
}

// ---- What is wrong

std::string Cluster::mark(const std::string& uid) const {
  return machine_.data_root() + "/sandboxes/" + uid + "/claims/data/mark";
}

void Cluster::mark_data() {
  for (const auto& [uid, object] : objects()) {
    if (std::ofstream(mark(uid)) << "kept") marked_.insert(uid);
  }
}

// Claims stay as long as their object does, wherever that is bound.
void Cluster::check_data(std::vector<std::string>& found) const {
  for (const auto& [uid, object] : objects()) {
    const bool is_lost = marked_.contains(uid) && !std::filesystem::exists(mark(uid));
    if (is_lost) found.push_back(uid + ": lost its claim");
  }
}

std::vector<std::string> Cluster::converge() {
  mark_data();
  std::vector<std::string> wrong;
  // What was asked for by the dead may be done yet; a stalled watch is given up, a relist finds it.
  run_for(3min);
  // Past the longest back-off of a crash loop, many times.
  const TimePoint end = machine_.clock().now() + 1h;
  do {
    other_nodes();
    run_for(5s);
    wrong = problems();
  } while (!wrong.empty() && machine_.clock().now() < end);
  return wrong;
}

void Cluster::check_object(const Json& object, std::vector<std::string>& found) {
  const agent::ApiObject read = agent::read_api_object(object);
  const std::string& uid = read.sandbox.metadata.uid;
  const auto actor = life_->manager().find(uid);
  if (!actor) return found.push_back(uid + " has no actor");
  check_sandbox(machine_, read.sandbox, api::Depth::kRunning, found);
  if (!read.has_finalizer) found.push_back(uid + " has not our finalizer");
  const Json untold = agent::status_patch(read.status, actor->sandbox().status);
  if (!untold.is_null()) found.push_back(uid + " has a status that is not told: " + untold.dump());
}

std::vector<std::string> Cluster::problems() {
  std::vector<std::string> found = machine_.violations();
  std::set<std::string> held;
  std::set<std::string> kept = moved_;
  for (const auto& [uid, object] : objects()) {
    if (text(object, "/status/nodeName") != kNode) continue;
    held.insert(uid);
    kept.insert(uid);
    check_object(object, found);
  }
  check_leaks(machine_, held, kept, found);
  check_data(found);
  for (const auto& [uid, actor] : life_->manager().actors()) {
    if (!held.contains(uid)) found.push_back(uid + " has an actor, and no object here");
    if (!actor->is_idle() || !actor->observed().known) found.push_back(uid + " is busy");
  }
  return found;
}

std::vector<std::string> Cluster::second_pass() {
  life_->operations().clear();
  machine_.runtime().clear_calls();
  server_.clear_requests();
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
  for (const auto& request : server_.requests()) {
    if (request.method != "GET") done.push_back(request.method + " " + request.path);
  }
  return done;
}

}  // namespace sandboxlet::simulation
