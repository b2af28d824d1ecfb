#include <algorithm>

#include "api/names.h"
#include "api/validate.h"

namespace sandboxlet::api {

namespace {

void validate_volume_name(const Field& field, const std::string& name, NameSet& seen) {
  if (name.empty()) return field.required();
  report(field, name, dns1123_label(name));
  validate_unique(field, name, seen);
}

bool has_backstep(std::string_view path) {
  for (;;) {
    const size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

void validate_host_path(const Field& field, const HostPathVolumeSource& source) {
  const Field path = field.child("path");
  if (source.path.empty()) return path.required();
  if (source.path.front() != '/') path.invalid(source.path, "must be an absolute path");
  if (has_backstep(source.path)) path.invalid(source.path, "must not contain '..'");
  validate_text(path, source.path);
  validate_choice(field.child("type"), source.type,
                  {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File",
                   "FileOrCreate", "Socket"});
}

void validate_empty_dir(const Field& field, const EmptyDirVolumeSource& source) {
  validate_choice(field.child("medium"), source.medium, {"", "Memory"});
  validate_size_limit(field.child("sizeLimit"), source);
}

void validate_claim_source(const Field& field, const PersistentVolumeClaimVolumeSource& source) {
  if (source.claimName.empty()) field.child("claimName").required();
}

// The first of its sources counts, in the API server's order, and any other is one too many.
void validate_source(const Field& field, const Volume& volume) {
  int sources = 0;
  const auto validate_one = [&](const char* name, const auto& source, auto validate) {
    if (!source) return;
    if (sources++ == 0) return validate(field.child(name), *source);
    field.child(name).forbidden("may not specify more than 1 volume type");
  };
  validate_one("emptyDir", volume.emptyDir, validate_empty_dir);
  validate_one("hostPath", volume.hostPath, validate_host_path);
  validate_one("persistentVolumeClaim", volume.persistentVolumeClaim, validate_claim_source);
  if (sources == 0) field.required("must specify a volume type");
}

void validate_access_modes(const Field& field, const std::vector<std::string>& modes) {
  if (modes.empty()) return field.required("at least 1 access mode is required");
  for (const std::string& mode : modes) {
    validate_choice(field, mode,
                    {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"});
  }
  const auto exclusive = [](const std::string& mode) { return mode == "ReadWriteOncePod"; };
  if (std::any_of(modes.begin(), modes.end(), exclusive) &&
      !std::all_of(modes.begin(), modes.end(), exclusive)) {
    field.forbidden("may not use ReadWriteOncePod with other access modes");
  }
}

void validate_claim_resources(const Field& field, const ResourceRequirements& resources) {
  const Field requests = field.child("requests");
  if (!resources.requests.contains("storage")) requests.key("storage").required();
  for (const auto* list : {&resources.requests, &resources.limits}) {
    const Field each = list == &resources.requests ? requests : field.child("limits");
    for (const auto& [name, text] : *list) {
      if (name != "storage") {
        each.key(name).not_supported(name, {"storage"});
      } else {
        validate_storage(each.key(name), text);
      }
    }
  }
}

void validate_claim_spec(const Field& field, const ClaimSpec& spec) {
  validate_access_modes(field.child("accessModes"), spec.accessModes);
  validate_claim_resources(field.child("resources"), spec.resources);
  if (const std::string name = spec.storageClassName.value_or(""); !name.empty()) {
    report(field.child("storageClassName"), name, dns1123_subdomain(name));
  }
  if (spec.volumeMode == "Block") {
    field.child("volumeMode").add("Unsupported: this agent does not hand out block devices yet");
  } else {
    validate_choice(field.child("volumeMode"), spec.volumeMode, {"Filesystem"});
  }
}

}  // namespace

void validate_volumes(const Field& field, const std::vector<Volume>& volumes,
                      const NameSet& claims) {
  NameSet names;
  for (size_t i = 0; i < volumes.size(); ++i) {
    if (claims.contains(volumes[i].name)) continue;
    validate_volume_name(field.index(i).child("name"), volumes[i].name, names);
    validate_source(field.index(i), volumes[i]);
  }
}

void validate_claims(const Field& field, const std::vector<ClaimTemplate>& claims,
                     const std::string& sandbox_name) {
  NameSet names;
  for (size_t i = 0; i < claims.size(); ++i) {
    const ClaimMetadata& metadata = claims[i].metadata;
    const Field each = field.index(i).child("metadata");
    validate_volume_name(each.child("name"), metadata.name, names);
    // The claim's own name, as upstream makes it.
    const std::string claim = claim_name(metadata.name, sandbox_name);
    constexpr size_t kMaxClaim = 253;
    if (claim.size() > kMaxClaim) {
      each.child("name").invalid(claim, "must be no more than 253 characters");
    }
    validate_labels(each.child("labels"), metadata.labels);
    validate_annotations(each.child("annotations"), metadata.annotations);
    validate_claim_spec(field.index(i).child("spec"), claims[i].spec);
  }
}

}  // namespace sandboxlet::api
