#include "agent/claims/testing/objects.h"

#include "api/storage.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

Json patched(Json object, const Json& patch) {
  if (!patch.is_null()) object.merge_patch(patch);
  return object;
}

}  // namespace

Json waiting_claim(const Json& patch) {
  Json claim{{"apiVersion", "v1"}, {"kind", "PersistentVolumeClaim"}};
  claim["metadata"] = {{"namespace", "default"},
                       {"name", "data-box"},
                       {"uid", "u-1"},
                       {"resourceVersion", "5"},
                       {"finalizers", {api::kClaimFinalizer}},
                       {"labels", {{api::kNodeLabel, kTestNode}}},
                       {"annotations", {{api::kSelectedNodeAnnotation, kTestNode}}}};
  claim["spec"] = {{"accessModes", {"ReadWriteOnce"}},
                   {"storageClassName", "sandboxlet-local-directory"},
                   {"volumeMode", "Filesystem"},
                   {"resources", {{"requests", {{"storage", "1Gi"}}}}}};
  claim["status"] = {{"phase", "Pending"}};
  return patched(std::move(claim), patch);
}

Json bound_claim(const std::string& volume, const Json& patch) {
  const Json bound{{"spec", {{"volumeName", volume}}},
                   {"status", {{"phase", "Bound"}, {"capacity", {{"storage", "1Gi"}}}}}};
  return patched(waiting_claim(bound), patch);
}

Json test_class(const Json& patch) {
  const Json storage_class{{"apiVersion", "storage.k8s.io/v1"},
                           {"kind", "StorageClass"},
                           {"metadata", {{"name", "sandboxlet-local-directory"}}},
                           {"provisioner", api::kLocalProvisioner},
                           {"parameters", {{"mode", "directory"}}},
                           {"reclaimPolicy", "Delete"},
                           {"volumeBindingMode", "WaitForFirstConsumer"}};
  return patched(storage_class, patch);
}

Json bound_volume(const Json& source, const Json& patch) {
  Json volume{{"apiVersion", "v1"}, {"kind", "PersistentVolume"}};
  volume["metadata"] = {{"name", "pv"}, {"uid", "v-1"}, {"resourceVersion", "7"}};
  volume["spec"] = {{"capacity", {{"storage", "1Gi"}}},
                    {"accessModes", {"ReadWriteOnce"}},
                    {"persistentVolumeReclaimPolicy", "Delete"},
                    {"claimRef", {{"namespace", "default"}, {"name", "data-box"}, {"uid", "u-1"}}}};
  volume["spec"].update(source);
  volume["status"] = {{"phase", "Bound"}};
  return patched(std::move(volume), patch);
}

}  // namespace sandboxlet::agent
