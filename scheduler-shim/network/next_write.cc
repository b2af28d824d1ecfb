#include "scheduler-shim/network/next_write.h"

#include <algorithm>

#include "scheduler-shim/network/names.h"
#include "scheduler-shim/network/networking_status.h"

namespace sandboxlet::network {

namespace {

kube::ObjectRef ref_of(const Situation& now, kube::Resource resource, const std::string& name) {
  return {resource, now.reach.sandbox.namespace_, name, ""};
}

bool is_refused(const Situation& now, const kube::ObjectRef& ref) {
  return now.refusals.contains(subject_of(ref));
}

// ---- Services

// Of one that is to be there.
std::optional<Write> keep_service(const Situation& now, const Service& wanted) {
  kube::ObjectRef ref = ref_of(now, kServices, wanted.name);
  if (is_refused(now, ref) || now.reach.is_deleting) return std::nullopt;
  const KnownService* const known = now.owned.service(wanted.name);
  if (known == nullptr) {
    return Write{WriteKind::kCreate, std::move(ref), new_service(wanted, now.reach), ""};
  }
  if (known->is_deleting || (known->is_labelled && known->service == wanted)) return std::nullopt;
  return Write{WriteKind::kPatch, std::move(ref), service_patch(wanted, *known, now.reach),
               known->uid};
}

std::optional<Write> remove_service(const Situation& now, const std::string& name) {
  const KnownService* const known = now.owned.service(name);
  if (known == nullptr || known->is_deleting) return std::nullopt;
  return Write{WriteKind::kRemove, ref_of(now, kServices, name), Json(), known->uid};
}

std::optional<Write> next_service(const Situation& now) {
  const Reach& reach = now.reach;
  const std::string& name = reach.sandbox.name;
  std::optional<Write> write;
  if (reach.service.has_value()) {
    write = *reach.service ? keep_service(now, headless_service(reach)) : remove_service(now, name);
  }
  if (write) return write;
  const auto own = own_service(reach);
  return own ? keep_service(now, *own) : remove_service(now, api::own_service_name(name));
}

// ---- EndpointSlices

std::vector<EndpointSlice> wanted_slices(const Situation& now) {
  std::vector<EndpointSlice> wanted;
  for (const KnownService* const known : standing_services(now)) {
    for (EndpointSlice& slice : slices_of(known->service, now.reach)) {
      wanted.push_back(std::move(slice));
    }
  }
  return wanted;
}

std::optional<Write> keep_slice(const Situation& now, const EndpointSlice& wanted) {
  kube::ObjectRef ref = ref_of(now, kEndpointSlices, wanted.name);
  if (is_refused(now, ref)) return std::nullopt;
  const KnownSlice* const known = now.owned.slice(wanted.name);
  if (known == nullptr) {
    if (now.reach.is_deleting) return std::nullopt;
    return Write{WriteKind::kCreate, std::move(ref), new_slice(wanted, now.reach), ""};
  }
  if (known->slice == wanted) return std::nullopt;
  return Write{WriteKind::kPatch, std::move(ref), slice_patch(wanted, *known), known->uid};
}

std::optional<Write> next_slice(const Situation& now) {
  const auto wanted = wanted_slices(now);
  for (const EndpointSlice& slice : wanted) {
    if (auto write = keep_slice(now, slice)) return write;
  }
  for (const KnownSlice& known : now.owned.slices) {
    const std::string& name = known.slice.name;
    const bool is_wanted = std::any_of(wanted.begin(), wanted.end(),
                                       [&](const auto& one) { return one.name == name; });
    if (is_wanted) continue;
    return Write{WriteKind::kRemove, ref_of(now, kEndpointSlices, name), Json(), known.uid};
  }
  return std::nullopt;
}

std::optional<Write> next_status(const Situation& now) {
  if (!now.routes || now.reach.is_deleting || now.is_being_bound) return std::nullopt;
  Json patch = status_patch(now);
  if (patch.is_null()) return std::nullopt;
  return Write{WriteKind::kStatus, scheduler::object_ref(now.reach.sandbox, "status"),
               std::move(patch), now.reach.sandbox.uid};
}

}  // namespace

std::string text_of(const Refusals& refusals) {
  std::string text;
  for (const auto& [subject, why] : refusals) {
    text.append(text.empty() ? "" : "; ").append(subject).append(": ").append(why);
  }
  return text;
}

std::string subject_of(const kube::ObjectRef& ref) {
  const bool is_service = ref.resource.plural == kServices.plural;
  return (is_service ? "Service " : "EndpointSlice ") + ref.name;
}

std::vector<const KnownService*> standing_services(const Situation& now) {
  std::vector<const KnownService*> standing;
  const std::string& sandbox = now.reach.sandbox.name;
  for (const std::string& name : {sandbox, api::own_service_name(sandbox)}) {
    const KnownService* const known = now.owned.service(name);
    if (known != nullptr && !known->is_deleting) standing.push_back(known);
  }
  return standing;
}

std::optional<Write> next_write(const Situation& now) {
  if (auto write = next_service(now)) return write;
  if (auto write = next_slice(now)) return write;
  return next_status(now);
}

}  // namespace sandboxlet::network
