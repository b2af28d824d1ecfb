#include "agent/claims/testing/storage_node.h"

#include "kube/fake_kinds.h"
#include "kube/fields.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

const kube::ObjectRef kClaim{kube::kPersistentVolumeClaims, "default", "data-box", ""};
const kube::ObjectRef kClass{kube::kStorageClasses, "", "sandboxlet-local-directory", ""};

kube::ObjectRef volume_ref(const std::string& name, std::string_view subresource = {}) {
  return {kube::kPersistentVolumes, "", name, subresource};
}

kube::ObjectRef claim_ref(std::string_view subresource = {}) {
  kube::ObjectRef ref = kClaim;
  ref.subresource = subresource;
  return ref;
}

kube::FakeSelection all_of(kube::Resource resource) {
  return {kube::fake_collection({resource, "", "", ""}), "", "", ""};
}

Json found(const kube::FakeAnswer& answer) { return answer.status == 200 ? answer.body : Json(); }

}  // namespace

StorageNode::Life::Life(StorageNode& node)
    : server(node.server_),
      provisioner({loop.io(), loop.clock(), client, events, storage, node.disk_, node.sandboxes_,
                   loop.io().get_executor(), kTestNode}) {
  loop.clock().advance(node.clock_.now() - loop.clock().now());
}

// Awaited calls go first: their frames need a loop to be destroyed on.
StorageNode::Life::~Life() { server.client_died(finish_calls); }

StorageNode::StorageNode(std::string folder, std::optional<int64_t> capacity)
    : disk_(folder, capacity), sandboxes_(folder, &disk_) {
  server_.objects().create(kClass, test_class());
  start_agent();
}

// ---- The API server

Json StorageNode::create_claim(const Json& patch) {
  Json claim = waiting_claim(patch);
  claim["metadata"].erase("uid");
  claim["metadata"].erase("resourceVersion");
  return server_.objects().create(kClaim, claim).body;
}

Json StorageNode::claim() const { return found(server_.objects().get(kClaim)); }

Json StorageNode::volume(const std::string& name) const {
  return found(server_.objects().get(volume_ref(name)));
}

std::vector<Json> StorageNode::volumes() const {
  return server_.objects().select(all_of(kube::kPersistentVolumes));
}

Json StorageNode::patch_claim(const Json& patch, std::string_view subresource) {
  return server_.objects().merge_patch(claim_ref(subresource), patch).body;
}

Json StorageNode::patch_volume(const std::string& name, const Json& patch,
                               std::string_view subresource) {
  return server_.objects().merge_patch(volume_ref(name, subresource), patch).body;
}

void StorageNode::remove_claim() { server_.objects().force_remove(kClaim); }

void StorageNode::control() {
  const Json claim = this->claim();
  for (const Json& volume : volumes()) {
    const std::string name = kube::text_at(volume, "/metadata/name");
    const bool is_its =
        kube::text_at(volume, "/spec/claimRef/uid") == kube::text_at(claim, "/metadata/uid");
    const std::string phase = is_its ? "Bound" : "Released";
    if (kube::text_at(volume, "/status/phase") != phase) {
      patch_volume(name, {{"status", {{"phase", phase}}}}, "status");
    }
    if (!is_its || !kube::text_at(claim, "/spec/volumeName").empty()) continue;
    patch_claim({{"spec", {{"volumeName", name}}}});
    patch_claim(
        {{"status", {{"phase", "Bound"}, {"capacity", kube::json_at(volume, "/spec/capacity")}}}},
        "status");
  }
}

std::vector<std::string> StorageNode::events() const {
  std::vector<std::string> reasons;
  for (const Json& event : server_.objects().select(all_of(kube::kEvents))) {
    reasons.push_back(kube::text_at(event, "/reason"));
  }
  return reasons;
}

std::string StorageNode::last_note() const {
  const auto events = server_.objects().select(all_of(kube::kEvents));
  return events.empty() ? "" : kube::text_at(events.back(), "/note");
}

// ---- The node

void StorageNode::kill_agent(bool finish_calls) {
  life_->finish_calls = finish_calls;
  life_.reset();
}

void StorageNode::start_agent() { life_ = std::make_unique<Life>(*this); }

std::vector<std::string> StorageNode::on_disk() const {
  std::vector<std::string> names;
  const auto volumes = disk_.list();
  for (const auto& volume : volumes.value()) names.push_back(volume.name);
  return names;
}

// ---- Time

bool StorageNode::step() {
  if (life_->loop.step()) return true;
  pass_until(next());
  return false;
}

TimePoint StorageNode::next() const { return std::min(clock_.next(), life_->loop.clock().next()); }

void StorageNode::pass_until(TimePoint when) {
  life_->loop.clock().advance(when - life_->loop.clock().now());
  clock_.advance(when - clock_.now());
}

void StorageNode::run_for(Duration time) {
  const TimePoint end = clock_.now() + time;
  for (;;) {
    life_->loop.settle();
    const TimePoint when = next();
    pass_until(std::min(when, end));
    if (when > end) return;
  }
}

}  // namespace sandboxlet::agent
