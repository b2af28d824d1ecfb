#include "tests/simulation/manifest.h"

#include "api/defaults.h"

namespace sandboxlet::simulation {

api::Sandbox sandbox(const std::string& name, int containers) {
  api::Sandbox made;
  made.metadata.name = name;
  made.metadata.namespace_ = "default";
  made.metadata.uid = "uid-" + name;
  made.metadata.generation = 1;
  auto& spec = made.spec.podTemplate.spec;
  for (int i = 0; i < containers; ++i) {
    api::Container& container = spec.containers.emplace_back();
    container.name = "c" + std::to_string(i);
    container.image = "app:" + std::to_string(i);
    container.volumeMounts.emplace_back().name = "scratch";
    container.volumeMounts.back().mountPath = "/scratch";
  }
  spec.volumes.emplace_back().name = "scratch";
  spec.volumes.back().emptyDir.emplace();
  auto& claim = made.spec.volumeClaimTemplates.emplace_back();
  claim.metadata.name = "data";
  claim.spec.accessModes = {"ReadWriteOnce"};
  claim.spec.resources.requests["storage"] = "1Gi";
  api::set_defaults(made);
  return made;
}

}  // namespace sandboxlet::simulation
