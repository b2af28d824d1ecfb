#include "tests/scheduling/world.h"

#include <gtest/gtest.h>

#include <array>

#include "scheduler-shim/read_claim_info.h"
#include "scheduler-shim/testing/volumes.h"

namespace sandboxlet::scheduler {

namespace {

constexpr size_t kNodes = 8;
constexpr size_t kSandboxes = 40;
constexpr std::chrono::seconds kAssumedFor{30};

constexpr std::array kApps{"a", "b", "c"};
constexpr std::array kNamespaces{"red", "blue"};
constexpr std::array kZones{"zone-1", "zone-2", "zone-3"};

}  // namespace

World::World(uint64_t seed) : random_(seed), cache_(volumes_, seed), scheduler_({.seed = seed}) {
  volumes_.set_class("local",
                     *read_storage_class(storage_class_json("local", "local.sandboxlet.io")));
  for (size_t i = 0; i < kNodes; ++i) change_nodes();
}

std::string World::any_sandbox() {
  if (sandboxes_.empty()) return "";
  auto chosen = sandboxes_.begin();
  std::advance(chosen, below(sandboxes_.size()));
  return chosen->first;
}

void World::publish(Event::Kind kind, const std::string& key, const Json& object) {
  undelivered_[key].push_back({kind, key, object});
}

void World::change_nodes() {
  const std::string name = "node-" + std::to_string(below(kNodes));
  if (nodes_.contains(name) && once_in(4)) {
    nodes_.erase(name);
    return publish(Event::Kind::kNode, name, nullptr);
  }
  Json patch = json(R"({"status": {"allocatable": {"cpu": "1", "memory": "1000Mi"}}})");
  if (!once_in(8)) patch["metadata"]["labels"]["zone"] = kZones[below(kZones.size())];
  patch["status"]["allocatable"]["pods"] = std::to_string(4 + below(4));
  patch["status"]["allocatable"]["sandboxlet.io/local-volumes"] =
      std::to_string(2 + below(4)) + "Gi";
  patch["spec"]["unschedulable"] = once_in(8);
  if (once_in(6)) patch["spec"]["taints"] = json(R"([{"key": "k", "effect": "NoSchedule"}])");
  if (once_in(10)) patch["status"]["conditions"] = Json::array();
  nodes_[name] = node_json(name, patch);
  publish(Event::Kind::kNode, name, nodes_[name]);
}

Json World::random_term() {
  Json term = {{"topologyKey", once_in(2) ? "zone" : "kubernetes.io/hostname"},
               {"labelSelector", {{"matchLabels", {{"app", kApps[below(kApps.size())]}}}}}};
  if (once_in(4)) term["namespaces"] = kNamespaces;
  if (once_in(4)) term["namespaceSelector"] = {{"matchLabels", {{"warm", "yes"}}}};
  if (once_in(4)) term["matchLabelKeys"] = {"rev"};
  return term;
}

Json World::random_pod_spec() {
  constexpr auto kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
  Json spec;
  spec["containers"] = {{{"resources",
                          {{"requests",
                            {{"cpu", std::to_string(50 * below(7)) + "m"},
                             {"memory", std::to_string(50 * below(7)) + "Mi"}}}}}}};
  if (once_in(5)) spec["containers"][0]["ports"] = {{{"hostPort", 80 + below(2)}}};
  if (once_in(4)) spec["affinity"]["podAntiAffinity"][kRequired] = {random_term()};
  if (once_in(6)) spec["affinity"]["podAffinity"][kRequired] = {random_term()};
  if (once_in(8)) spec["nodeSelector"] = {{"zone", kZones[below(kZones.size())]}};
  if (once_in(4)) spec["tolerations"] = {{{"operator", "Exists"}}};
  if (once_in(4)) {
    Json constraint = random_term();
    constraint.erase("namespaces");
    constraint.erase("namespaceSelector");
    constraint["maxSkew"] = 1 + below(2);
    constraint["minDomains"] = 1 + below(3);
    constraint["whenUnsatisfiable"] = once_in(4) ? "ScheduleAnyway" : "DoNotSchedule";
    constraint["nodeTaintsPolicy"] = once_in(2) ? "Honor" : "Ignore";
    constraint["nodeAffinityPolicy"] = once_in(2) ? "Honor" : "Ignore";
    spec["topologySpreadConstraints"] = {constraint};
  }
  return spec;
}

void World::create_sandbox() {
  const std::string name = "s" + std::to_string(created_++);
  const std::string namespace_ = kNamespaces[below(kNamespaces.size())];
  Json spec = random_pod_spec();
  if (once_in(3)) {
    spec.merge_patch(using_claims({name}));
    create_claim(name, namespace_);
  }
  Json object =
      sandbox_json({name,
                    spec,
                    {{"app", kApps[below(kApps.size())]}, {"rev", std::to_string(below(2))}},
                    namespace_});
  object["spec"]["podTemplate"]["spec"]["priority"] = below(3);
  const std::string uid = object["metadata"]["uid"];
  sandboxes_[uid] = object;
  publish(Event::Kind::kSandbox, uid, object);
}

void World::create_claim(const std::string& sandbox, const std::string& namespace_) {
  const std::string size = std::to_string(1 + below(2)) + "Gi";
  Json claim = claim_json(sandbox, {{"metadata", {{"namespace", namespace_}}}});
  claim["spec"]["resources"]["requests"]["storage"] = size;
  claims_["uid-" + sandbox] = claim;
  publish(Event::Kind::kClaim, "claim of uid-" + sandbox, claim);
}

void World::change_claims() {
  if (claims_.empty()) return;
  auto chosen = claims_.begin();
  std::advance(chosen, below(claims_.size()));
  const std::string uid = chosen->first;
  Json& claim = chosen->second;
  const std::string volume = "pvc-uid-" + claim["metadata"]["name"].get<std::string>();
  const auto sandbox = sandboxes_.find(uid);
  if (sandbox == sandboxes_.end()) {
    if (volumes_made_.erase(volume) != 0) publish(Event::Kind::kVolume, volume, nullptr);
    publish(Event::Kind::kClaim, "claim of " + uid, nullptr);
    claims_.erase(chosen);
    return;
  }
  const std::string node = sandbox->second.value(Json::json_pointer("/status/nodeName"), "");
  Json& annotations = claim["metadata"]["annotations"];
  constexpr auto kSelected = "volume.kubernetes.io/selected-node";
  if (!annotations.contains(kSelected)) {
    if (node.empty()) return;
    annotations[kSelected] = node;
  } else if (!volumes_made_.contains(volume)) {
    volumes_made_.insert(volume);
    const Json ref{{"namespace", claim["metadata"]["namespace"]},
                   {"name", claim["metadata"]["name"]},
                   {"uid", claim["metadata"]["uid"]}};
    return publish(Event::Kind::kVolume, volume,
                   local_volume_json(volume, claim["spec"]["resources"]["requests"]["storage"],
                                     annotations[kSelected], {{"spec", {{"claimRef", ref}}}}));
  } else {
    annotations["pv.kubernetes.io/bind-completed"] = "yes";
    claim["spec"]["volumeName"] = volume;
  }
  publish(Event::Kind::kClaim, "claim of " + uid, claim);
}

void World::change_sandboxes() {
  if (sandboxes_.empty() || (sandboxes_.size() < kSandboxes && once_in(2))) {
    return create_sandbox();
  }
  const std::string uid = any_sandbox();
  Json& object = sandboxes_[uid];
  const bool bound = object.contains("status") && object["status"].contains("nodeName");
  switch (below(4)) {
    case 0:
      sandboxes_.erase(uid);
      return publish(Event::Kind::kSandbox, uid, nullptr);
    case 1:
      object["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z";
      break;
    case 2:
      object["spec"]["pause"] = once_in(2);
      break;
    default:
      if (!bound) return;
      object["status"]["suspend"] = {{"depth", once_in(2) ? "Stop" : "Freeze"},
                                     {"reason", once_in(2) ? "Idle" : "User"}};
  }
  publish(Event::Kind::kSandbox, uid, object);
}

void World::deliver() {
  if (undelivered_.empty()) return;
  auto chosen = undelivered_.begin();
  std::advance(chosen, below(undelivered_.size()));
  const Event event = chosen->second.front();
  chosen->second.pop_front();
  if (chosen->second.empty()) undelivered_.erase(chosen);
  switch (event.kind) {
    case Event::Kind::kSandbox:
      return deliver_sandbox(event);
    case Event::Kind::kNode:
      return deliver_node(event);
    case Event::Kind::kClaim:
      return deliver_claim(event);
    case Event::Kind::kVolume:
      return deliver_volume(event);
  }
}

void World::deliver_claim(const Event& event) {
  const std::string uid = event.key.substr(event.key.rfind(' ') + 1);
  Wakes wakes = kNothing;
  if (event.object.is_null()) {
    const auto known = std::find_if(known_.claims.begin(), known_.claims.end(),
                                    [&](auto& one) { return "uid-" + one.second.name == uid; });
    wakes = volumes_.remove_claim(known->first);
    known_.claims.erase(known);
  } else {
    const auto claim = read_claim(event.object);
    ASSERT_TRUE(claim.has_value()) << claim.error().message();
    known_.claims[claim->key()] = *claim;
    wakes = volumes_.set_claim(*claim);
  }
  queue_.wake(wakes, now_);
  queue_.retry(uid, now_);
}

void World::deliver_volume(const Event& event) {
  if (event.object.is_null()) {
    known_.volumes.erase(event.key);
    return queue_.wake(volumes_.remove_volume(event.key), now_);
  }
  const auto volume = read_volume(event.object);
  ASSERT_TRUE(volume.has_value()) << volume.error().message();
  known_.volumes[volume->name] = *volume;
  queue_.wake(volumes_.set_volume(*volume), now_);
  queue_.retry("uid-" + volume->claim_name, now_);
}

void World::deliver_sandbox(const Event& event) {
  if (event.object.is_null()) {
    known_.placed.erase(event.key);
    assumed_.erase(event.key);
    pending_.erase(event.key);
    queue_.remove(event.key);
    return queue_.wake(cache_.remove_sandbox(event.key), now_);
  }
  auto pod = reader_.read(event.object);
  ASSERT_TRUE(pod.has_value()) << pod.error().message();
  if (!pod->node_name.empty()) {
    known_.placed[event.key] = {*pod, pod->node_name};
    assumed_.erase(event.key);
  } else if (assumed_.contains(event.key)) {
    known_.placed[event.key].pod = *pod;
  }
  if (pod->needs_node()) {
    pending_[event.key] = *pod;
  } else {
    pending_.erase(event.key);
  }
  queue_.set(*pod, now_);
  queue_.wake(cache_.set_sandbox(std::move(*pod)), now_);
}

void World::deliver_node(const Event& event) {
  if (event.object.is_null()) {
    known_.nodes.erase(event.key);
    known_.alive.erase(event.key);
    return queue_.wake(cache_.remove_node(event.key), now_);
  }
  const auto node = read_node_info(event.object);
  ASSERT_TRUE(node.has_value()) << node.error().message();
  known_.nodes[event.key] = *node;
  known_.alive.try_emplace(event.key, true);
  queue_.wake(cache_.set_node(*node), now_);
}

void World::change_lease() {
  const std::string name = "node-" + std::to_string(below(kNodes));
  const bool alive = !once_in(3);
  queue_.wake(cache_.set_alive(name, alive), now_);
  if (known_.alive.contains(name)) known_.alive[name] = alive;
}

void World::decide() {
  const auto pod = queue_.pop(now_);
  if (!pod) return;
  // One is given out as it is known last.
  ASSERT_TRUE(pending_.contains(pod->uid));
  const Decision decision = scheduler_.decide(*pod, cache_);
  check_decision(*pod, decision);
  if (decision.node == kNoNode) {
    ++refused_;
    return queue_.unschedulable(pod->uid, decision.wakes, now_);
  }
  ++decided_;
  bind(*pod, decision);
}

void World::bind(const PodInfo& pod, const Decision& decision) {
  queue_.wake(cache_.assume(pod, decision.node, now_ + kAssumedFor), now_);
  known_.placed[pod.uid] = {pod, decision.node_name};
  assumed_.insert(pod.uid);
  const auto object = sandboxes_.find(pod.uid);
  if (once_in(8) || object == sandboxes_.end()) {
    // Refused: somebody else wrote first.
    queue_.wake(cache_.forget(pod.uid), now_);
    known_.placed.erase(pod.uid);
    assumed_.erase(pod.uid);
    return queue_.failed(pod.uid, now_);
  }
  // Lost: neither an answer nor a write, until what is assumed expires.
  if (once_in(8)) return;
  object->second["status"]["nodeName"] = decision.node_name;
  publish(Event::Kind::kSandbox, pod.uid, object->second);
}

void World::expire() {
  now_ += std::chrono::milliseconds(below(4000));
  for (const auto& uid : cache_.expire(now_)) {
    known_.placed.erase(uid);
    assumed_.erase(uid);
    queue_.failed(uid, now_);
    queue_.wake(kSandboxGone, now_);
  }
}

void World::step() {
  const size_t chance = below(20);
  if (chance == 0) return change_nodes();
  if (chance == 1) return change_lease();
  if (chance == 2) {
    const std::string name = kNamespaces[below(kNamespaces.size())];
    const Labels labels(once_in(2) ? api::StringMap{{"warm", "yes"}} : api::StringMap{});
    known_.namespaces[name] = labels;
    return queue_.wake(cache_.set_namespace(name, labels), now_);
  }
  if (chance == 3) return change_claims();
  if (chance < 6) return change_sandboxes();
  if (chance < 13) return deliver();
  if (chance < 18) return decide();
  expire();
}

void World::settle() {
  for (int turn = 0; turn < 2000; ++turn) {
    deliver();
    expire();
    decide();
  }
}

void World::check_decision(const PodInfo& pod, const Decision& decision) {
  const auto feasible = naive_feasible(known_, pod);
  if (decision.node == kNoNode) {
    EXPECT_TRUE(feasible.empty()) << pod.uid << " could go to " << feasible.front() << ": "
                                  << decision.message;
  } else {
    EXPECT_TRUE(std::count(feasible.begin(), feasible.end(), decision.node_name) == 1)
        << pod.uid << " cannot go to " << decision.node_name;
  }
}

void World::check() {
  check_cache();
  check_queue();
}

// The cache is as one that is told only what is known now.
void World::check_cache() {
  VolumeIndex volumes;
  volumes.set_class("local",
                    *read_storage_class(storage_class_json("local", "local.sandboxlet.io")));
  for (const auto& [key, claim] : known_.claims) volumes.set_claim(claim);
  for (const auto& [name, volume] : known_.volumes) volumes.set_volume(volume);
  Cache fresh(volumes);
  for (const auto& [name, node] : known_.nodes) fresh.set_node(node);
  for (const auto& [uid, placed] : known_.placed) {
    PodInfo pod = placed.pod;
    pod.node_name = placed.node;
    fresh.set_sandbox(std::move(pod));
  }
  ASSERT_EQ(cache_.sandboxes(), fresh.sandboxes());
  ASSERT_EQ(cache_.nodes().order().size(), fresh.nodes().order().size());
  for (NodeId there = 0; there < fresh.nodes().size(); ++there) {
    const Node& node = fresh.nodes()[there];
    const NodeId here = cache_.nodes().find(node.name);
    ASSERT_NE(here, kNoNode) << node.name;
    const NodeResources& now = cache_.nodes().resources(here);
    const NodeResources& must = fresh.nodes().resources(there);
    EXPECT_EQ(now.requested, must.requested) << node.name;
    EXPECT_EQ(now.allocatable, must.allocatable) << node.name;
    EXPECT_EQ(now.scoring_milli_cpu, must.scoring_milli_cpu) << node.name;
    EXPECT_EQ(now.scoring_memory, must.scoring_memory) << node.name;
    EXPECT_EQ(cache_.nodes()[here].sandboxes, node.sandboxes) << node.name;
    EXPECT_EQ(volumes_.local_bytes(node.name), volumes.local_bytes(node.name)) << node.name;
    EXPECT_EQ(cache_.nodes()[here].ports.size(), node.ports.size()) << node.name;
  }
}

// Everybody who needs a node is in the queue, and nobody else.
void World::check_queue() {
  const auto sizes = queue_.sizes();
  EXPECT_EQ(sizes.active + sizes.backing_off + sizes.waiting + sizes.in_flight, pending_.size());
  // In flight stays only who is assumed: its binding is to be seen, refused or to expire.
  EXPECT_LE(sizes.in_flight, assumed_.size());
}

}  // namespace sandboxlet::scheduler
