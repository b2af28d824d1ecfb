#include "scheduler-shim/storage/claims.h"

#include <spdlog/spdlog.h>

#include "api/storage.h"
#include "kube/fields.h"
#include "kube/resource_version.h"
#include "scheduler-shim/read_claim_info.h"

namespace sandboxlet::storage {

namespace {

constexpr size_t kWriters = 16;
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(30)};
// What needs more in one go is undone by somebody as it is written.
constexpr int kWritesAtOnce = 8;
// Between two tries to have a volume made.
constexpr Duration kProvisioning = std::chrono::seconds(10);
// Between two looks for a volume that is there, and whether a node is.
constexpr Duration kLooks = std::chrono::seconds(10);

kube::ObjectRef ref_of(const std::string& claim) {
  const size_t slash = claim.find('/');
  return {kube::kPersistentVolumeClaims, claim.substr(0, slash), claim.substr(slash + 1), ""};
}

// Tried again later as it is; else the user has to hear of it.
bool is_for_the_user(const Error& error) {
  return error.code() == Code::kInvalidArgument || error.code() == Code::kPermissionDenied;
}

// What comes after it comes with the watch.
bool is_last(StepKind kind) {
  return kind == StepKind::kRelease || kind == StepKind::kSelectNode ||
         kind == StepKind::kBindVolume;
}

// Somebody was faster: the watch brings what there is now, and with it another turn.
bool comes_again(const Error& error) {
  return error.code() == Code::kNotFound || error.code() == Code::kFailedPrecondition;
}

}  // namespace

Claims::Claims(const scheduler::ControllerContext& context, VolumeWatch& volumes,
               Scheduling scheduling)
    : context_(context),
      volumes_(volumes),
      scheduling_(std::move(scheduling)),
      writes_(context_.io, context_.clock, kWriters, kBackoff,
              [this](std::string claim) { return write_all(std::move(claim)); }) {
  volumes_.listen([this](const std::string& claim, scheduler::Wakes) { claim_changed(claim); },
                  [this] { begin(); });
}

// ---- What the API server shows

bool Claims::knows_all() const { return knows_sandboxes_ && volumes_.ready().has_value(); }

void Claims::begin() {
  if (!knows_all()) return;
  for (const std::string& claim : users_.claims()) writes_.add(claim);
  // Of those whose Sandboxes went while nobody looked too.
  for (const std::string& claim : volumes_.index().protected_claims()) writes_.add(claim);
}

void Claims::synced() {
  knows_sandboxes_ = true;
  begin();
}

void Claims::set(const Json& sandbox) {
  ClaimUser user = read_claim_user(sandbox, templates_);
  const std::string uid = user.sandbox.uid;
  if (user.claims.empty()) return remove(uid);
  const std::set<std::string> before = users_.claims_of(uid);
  users_.set(uid, user.sandbox.namespace_, user.claims);
  sandboxes_[uid] = std::move(user);
  add(before);
  add(users_.claims_of(uid));
}

void Claims::remove(const std::string& uid) {
  const std::set<std::string> before = users_.claims_of(uid);
  give_up_plan(uid);
  users_.remove(uid);
  sandboxes_.erase(uid);
  add(before);
}

// Work may begin at once.
void Claims::add(const std::set<std::string>& claims) {
  for (const std::string& claim : claims) writes_.add(claim);
}

void Claims::claim_changed(const std::string& claim) {
  if (!knows_all()) return;
  const scheduler::ClaimInfo* const known = volumes_.index().claim(claim);
  if (known == nullptr || known->is_bound) selected_at_.erase(claim);
  const bool is_protected = known != nullptr && known->is_protected;
  if (is_protected || !users_.of(claim).empty()) writes_.add(claim);
}

// ---- Writing

Situation Claims::situation(const std::string& claim) const {
  Situation now;
  now.name = ref_of(claim).name;
  const scheduler::ClaimInfo* const known = volumes_.index().claim(claim);
  if (known != nullptr && !known->is_planned) now.claim = known;
  if (now.claim != nullptr) now.storage_class = volumes_.index().class_of(*now.claim);
  for (const std::string& uid : users_.of(claim)) now.users.push_back(&sandboxes_.at(uid));
  return now;
}

Situation Claims::complete_situation(const std::string& claim) {
  Situation now = situation(claim);
  if (is_left_to_its_node(now)) {
    now.is_node_gone = !scheduling_.knows_node(now.claim->selected_node);
    if (!now.is_node_gone) writes_.add_at(claim, context_.clock.now() + kLooks);
  }
  const ClaimUser* const user = awaited_by(now);
  if (user == nullptr || !now.claim->selected_node.empty()) return now;
  now.volume = volumes_.index().volume(scheduling_.keep_volume(claim, user->node));
  if (now.volume == nullptr && !now.storage_class->provisions()) {
    writes_.add_at(claim, context_.clock.now() + kLooks);
  }
  return now;
}

Task<Result<>> Claims::write_all(std::string claim) {
  for (int written = 0; written < kWritesAtOnce; ++written) {
    if (!knows_all()) co_return Result<>();
    const auto step = next_step(complete_situation(claim));
    if (!step) co_return Result<>();
    const auto done = co_await perform(claim, step->kind);
    // A change of a volume that nobody has yet is no change of the claim.
    const bool is_of_volume = step->kind == StepKind::kBindVolume;
    if (!done && comes_again(done.error()) && !is_of_volume) co_return Result<>();
    if (!done) co_return done.error();
    if (is_last(step->kind)) co_return Result<>();
  }
  co_return Error(Code::kInternal, claim + ": what is written of it does not stay");
}

Task<Result<>> Claims::perform(std::string claim, StepKind kind) {
  switch (kind) {
    case StepKind::kCreate:
      return create(std::move(claim));
    case StepKind::kAdopt:
    case StepKind::kProtect:
    case StepKind::kRelease:
      return rewrite(std::move(claim), kind);
    case StepKind::kSelectNode:
      return select_node(std::move(claim));
    case StepKind::kDeselectNode:
      return deselect_node(std::move(claim));
    case StepKind::kBindVolume:
      break;
  }
  return bind_volume(std::move(claim));
}

Task<Result<>> Claims::create(std::string claim) {
  const Situation now = situation(claim);
  const auto step = next_step(now);
  if (!step || step->kind != StepKind::kCreate) co_return Result<>();
  const std::string sandbox = step->user->sandbox.uid;
  Json body = body_of(*step->user, claim);
  const kube::ObjectRef all{kube::kPersistentVolumeClaims, step->user->sandbox.namespace_, "", ""};
  auto made = co_await context_.client.create(all, std::move(body));
  if (!made && made.error().code() == Code::kAlreadyExists) {
    const kube::ObjectRef ref = ref_of(claim);
    made = co_await context_.client.get(ref);
  }
  if (made) {
    if (!kube::annotation(*made, api::kSelectedNodeAnnotation).empty()) {
      selected_at_[claim] = context_.clock.now();
    }
    volumes_.set_claim(*made);
    co_return Result<>();
  }
  give_up_plan(sandbox);
  if (is_for_the_user(made.error())) volumes_.refuse(claim, made.error().message());
  co_return made.error();
}

Json Claims::body_of(const ClaimUser& user, const std::string& claim) {
  Json body = new_claim(user, ref_of(claim).name);
  if (!plan_claims(user)) return body;
  const std::string node = scheduling_.plan(user.sandbox.uid);
  const scheduler::VolumeIndex& index = volumes_.index();
  const auto* const storage_class = index.class_of(*index.claim(claim));
  // A volume that is there is bound to it once it is there too.
  const bool has_volume = !index.reserved_for(claim).empty();
  if (node.empty() || has_volume || storage_class == nullptr) return body;
  body.merge_patch({{"metadata", on_node(*storage_class, node)}});
  return body;
}

bool Claims::plan_claims(const ClaimUser& user) {
  scheduler::VolumeIndex& index = volumes_.index();
  for (const auto& used : user.claims) {
    const std::string key = scheduler::claim_key(user.sandbox.namespace_, used.name);
    if (index.claim(key) != nullptr) continue;
    auto claim = scheduler::read_claim(new_claim(user, used.name));
    if (!claim) return false;
    const scheduler::StorageClassInfo* const storage_class = index.class_of(*claim);
    if (storage_class == nullptr || !storage_class->is_local()) return false;
    index.plan_claim(std::move(*claim));
  }
  return true;
}

void Claims::give_up_plan(const std::string& sandbox) {
  for (const std::string& claim : users_.claims_of(sandbox)) volumes_.give_up(claim);
  scheduling_.give_up_plan(sandbox);
}

Task<Result<>> Claims::rewrite(std::string claim, StepKind kind) {
  const kube::ObjectRef ref = ref_of(claim);
  const auto object = co_await context_.client.get(ref);
  if (!object) co_return object.error();
  volumes_.set_claim(*object);
  const auto step = next_step(situation(claim));
  if (!step || step->kind != kind) co_return Result<>();
  Json patch;
  if (kind == StepKind::kAdopt) patch = adopt_patch(*object, step->user->sandbox);
  if (kind == StepKind::kProtect) patch = protect_patch(*object);
  if (kind == StepKind::kRelease) patch = release_patch(*object);
  const auto written = co_await context_.client.merge_patch(ref, std::move(patch));
  if (!written) co_return written.error();
  // One that is deleted may be gone with its last finalizer.
  if (kind != StepKind::kRelease) volumes_.set_claim(*written);
  co_return Result<>();
}

Task<Result<>> Claims::select_node(std::string claim) {
  const Situation now = complete_situation(claim);
  const auto step = next_step(now);
  if (!step || step->kind != StepKind::kSelectNode) co_return Result<>();
  const TimePoint time = context_.clock.now();
  const auto before = selected_at_.find(claim);
  if (before != selected_at_.end() && time < before->second + kProvisioning) {
    writes_.add_at(claim, before->second + kProvisioning);
    co_return Result<>();
  }
  selected_at_[claim] = time;
  const kube::ObjectRef ref = ref_of(claim);
  Json patch = select_node_patch(*now.claim, *now.storage_class, step->user->node);
  const auto written = co_await context_.client.merge_patch(ref, std::move(patch));
  if (!written) {
    selected_at_.erase(claim);
    co_return written.error();
  }
  volumes_.set_claim(*written);
  co_return Result<>();
}

Task<Result<>> Claims::deselect_node(std::string claim) {
  const Situation now = complete_situation(claim);
  const auto step = next_step(now);
  if (!step || step->kind != StepKind::kDeselectNode) co_return Result<>();
  const kube::ObjectRef ref = ref_of(claim);
  Json patch = deselect_node_patch(*now.claim);
  const auto written = co_await context_.client.merge_patch(ref, std::move(patch));
  if (!written) co_return written.error();
  volumes_.set_claim(*written);
  co_return Result<>();
}

Task<Result<>> Claims::bind_volume(std::string claim) {
  const Situation now = complete_situation(claim);
  const auto step = next_step(now);
  if (!step || step->kind != StepKind::kBindVolume) co_return Result<>();
  const kube::ObjectRef ref{kube::kPersistentVolumes, "", now.volume->name, ""};
  Json patch = bind_volume_patch(*now.volume, *now.claim);
  const auto written = co_await context_.client.merge_patch(ref, std::move(patch));
  if (!written) co_return written.error();
  volumes_.set_volume(*written);
  co_return Result<>();
}

}  // namespace sandboxlet::storage
