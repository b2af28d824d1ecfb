#include "agent/sandbox/volume_request.h"

#include "base/quantity.h"

namespace sandboxlet::agent {

std::optional<std::string> claim_of(const api::Sandbox& sandbox, const std::string& volume) {
  if (api::claim_template(sandbox.spec, volume) != nullptr) {
    return api::claim_name(volume, sandbox.metadata.name);
  }
  for (const auto& one : sandbox.spec.podTemplate.spec.volumes) {
    if (one.name != volume || !one.persistentVolumeClaim) continue;
    return one.persistentVolumeClaim->claimName;
  }
  return std::nullopt;
}

Result<VolumeRequest> volume_request(const api::Sandbox& sandbox, const std::string& name) {
  if (api::claim_template(sandbox.spec, name) != nullptr) return VolumeRequest{name, Claim{}};
  for (const auto& volume : sandbox.spec.podTemplate.spec.volumes) {
    if (volume.name != name) continue;
    if (volume.hostPath) {
      return VolumeRequest{name, HostPath{volume.hostPath->path, volume.hostPath->type}};
    }
    if (!volume.emptyDir) break;
    EmptyDir source;
    source.memory = volume.emptyDir->medium == "Memory";
    if (!volume.emptyDir->sizeLimit.empty()) {
      TRY(const Quantity limit, Quantity::parse(volume.emptyDir->sizeLimit));
      source.size_limit = limit.value();
    }
    return VolumeRequest{name, source};
  }
  return Error(Code::kInvalidArgument, "no volume \"" + name + "\" of a kind that can be staged");
}

}  // namespace sandboxlet::agent
