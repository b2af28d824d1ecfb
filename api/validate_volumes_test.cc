#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/sandboxes.h"

namespace sandboxlet::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Volume empty_dir(std::string name, EmptyDirVolumeSource source = {}) {
  return {.name = std::move(name), .emptyDir = std::move(source)};
}

Volume host_path(std::string path, std::string type = "") {
  return {.name = "v", .hostPath = HostPathVolumeSource{std::move(path), std::move(type)}};
}

std::vector<std::string> volume_faults(std::vector<Volume> volumes) {
  return pod_faults_after([&](PodSpec& pod) { pod.volumes = std::move(volumes); });
}

TEST(ValidateVolumes, NamesAreUniqueLabels) {
  EXPECT_THAT(volume_faults({empty_dir("v"), empty_dir("w")}), IsEmpty());
  EXPECT_THAT(volume_faults({empty_dir("v"), empty_dir("v")}),
              ElementsAre("volumes[1].name: Duplicate value: \"v\""));
  EXPECT_THAT(volume_faults({empty_dir("")}), ElementsAre("volumes[0].name: Required value"));
  EXPECT_THAT(volume_faults({empty_dir("v.w")}),
              ElementsAre("volumes[0].name: Invalid value: \"v.w\": must not contain dots"));
}

TEST(ValidateVolumes, HaveExactlyOneSource) {
  EXPECT_THAT(volume_faults({{.name = "v"}}),
              ElementsAre("volumes[0]: Required value: must specify a volume type"));
  Volume both = host_path("/x");
  both.emptyDir.emplace();
  EXPECT_THAT(volume_faults({both}), ElementsAre("volumes[0].hostPath: Forbidden: may not specify "
                                                 "more than 1 volume type"));
}

TEST(ValidateVolumes, AClaimIsNamed) {
  Volume claim{.name = "v", .persistentVolumeClaim = PersistentVolumeClaimVolumeSource{"data"}};
  EXPECT_THAT(volume_faults({claim}), IsEmpty());
  claim.persistentVolumeClaim->claimName.clear();
  EXPECT_THAT(volume_faults({claim}),
              ElementsAre("volumes[0].persistentVolumeClaim.claimName: Required value"));
  claim.emptyDir.emplace();
  EXPECT_THAT(volume_faults({claim}),
              ElementsAre("volumes[0].persistentVolumeClaim: Forbidden: may not specify more than "
                          "1 volume type"));
}

TEST(ValidateVolumes, AHostPathIsAbsoluteAndNeverStepsBack) {
  EXPECT_THAT(volume_faults({host_path("/a..b/c", "Directory")}), IsEmpty());
  EXPECT_THAT(volume_faults({host_path("")}),
              ElementsAre("volumes[0].hostPath.path: Required value"));
  EXPECT_THAT(volume_faults({host_path("a")}),
              ElementsAre("volumes[0].hostPath.path: Invalid value: \"a\": must be an absolute "
                          "path"));
  for (const char* path : {"/..", "/a/../b", "/a/.."}) {
    EXPECT_THAT(volume_faults({host_path(path)}), ElementsAre(HasSubstr("must not contain '..'")))
        << path;
  }
  EXPECT_THAT(volume_faults({host_path(std::string("/a\0b", 4))}),
              ElementsAre(HasSubstr("must not contain NUL")));
}

TEST(ValidateVolumes, HostPathTypesAreKubernetes) {
  for (const char* type : {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate",
                           "File", "FileOrCreate", "Socket"}) {
    EXPECT_THAT(volume_faults({host_path("/x", type)}), IsEmpty()) << type;
  }
  EXPECT_THAT(volume_faults({host_path("/x", "Dir")}),
              ElementsAre("volumes[0].hostPath.type: Unsupported value: \"Dir\": supported values: "
                          "\"\", \"BlockDevice\", \"CharDevice\", \"Directory\", "
                          "\"DirectoryOrCreate\", \"File\", \"FileOrCreate\", \"Socket\""));
}

TEST(ValidateVolumes, AnEmptyDirIsOnDiskOrInMemory) {
  EXPECT_THAT(volume_faults({empty_dir("v", {"Memory", "64Mi"})}), IsEmpty());
  EXPECT_THAT(volume_faults({empty_dir("v", {"Disk", ""})}),
              ElementsAre("volumes[0].emptyDir.medium: Unsupported value: \"Disk\": supported "
                          "values: \"\", \"Memory\""));
}

TEST(ValidateVolumes, ASizeLimitIsAQuantityAndForMemoryOnly) {
  EXPECT_THAT(volume_faults({empty_dir("v", {"", "0"})}), IsEmpty());
  EXPECT_THAT(volume_faults({empty_dir("v", {"Memory", "-1"})}),
              ElementsAre("volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a "
                          "valid resource quantity"));
  EXPECT_THAT(volume_faults({empty_dir("v", {"Memory", "x"})}),
              ElementsAre(StartsWith("volumes[0].emptyDir.sizeLimit: Invalid value: \"x\": "
                                     "quantities must match")));
  EXPECT_THAT(volume_faults({empty_dir("v", {"", "1Gi"})}),
              ElementsAre("volumes[0].emptyDir.sizeLimit: Unsupported: this agent does not limit "
                          "the size of an emptyDir on disk yet"));
}

std::vector<std::string> mount_faults(std::vector<VolumeMount> mounts) {
  return pod_faults_after([&](PodSpec& pod) {
    pod.volumes = {empty_dir("v")};
    pod.containers[0].volumeMounts = std::move(mounts);
  });
}

TEST(ValidateVolumes, AMountNamesAVolumeAndAPathOfItsOwn) {
  // Kubernetes takes relative paths too: they are below the root.
  EXPECT_THAT(mount_faults({{"v", "/a", {}}, {"v", "b", {}}}), IsEmpty());
  EXPECT_THAT(mount_faults({{"w", "/a", {}}}),
              ElementsAre("containers[0].volumeMounts[0].name: Not found: \"w\""));
  EXPECT_THAT(mount_faults({{"", "", {}}}),
              ElementsAre("containers[0].volumeMounts[0].name: Required value",
                          "containers[0].volumeMounts[0].mountPath: Required value"));
  EXPECT_THAT(mount_faults({{"v", "/a", {}}, {"v", "/a", {}}}),
              ElementsAre("containers[0].volumeMounts[1].mountPath: Invalid value: \"/a\": must be "
                          "unique"));
}

ClaimTemplate claim(std::string name) {
  ClaimTemplate made;
  made.metadata.name = std::move(name);
  made.spec.accessModes = {"ReadWriteOnce"};
  made.spec.resources.requests = {{"storage", "1Gi"}};
  made.spec.volumeMode = "Filesystem";
  return made;
}

std::vector<std::string> claim_faults(const std::function<void(ClaimTemplate&)>& change) {
  ClaimTemplate changed = claim("data");
  change(changed);
  return faults_after([&](Sandbox& s) { s.spec.volumeClaimTemplates = {changed}; });
}

TEST(ValidateClaims, AreVolumesThatContainersMayMount) {
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.spec.volumeClaimTemplates = {claim("data")};
                s.spec.podTemplate.spec.containers[0].volumeMounts = {{"data", "/d", {}}};
              }),
              IsEmpty());
}

TEST(ValidateClaims, WinOverAVolumeOfTheirNameWhichIsNotLookedAt) {
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.spec.volumeClaimTemplates = {claim("v")};
                s.spec.podTemplate.spec.volumes = {host_path("x/../")};
              }),
              IsEmpty());
}

TEST(ValidateClaims, NamesAreUniqueLabelsAndShortEnoughWithTheSandboxes) {
  EXPECT_THAT(claim_faults([](ClaimTemplate& c) { c.metadata.name = ""; }),
              ElementsAre("spec.volumeClaimTemplates[0].metadata.name: Required value"));
  EXPECT_THAT(
      claim_faults([](ClaimTemplate& c) { c.metadata.name = "a.b"; }),
      ElementsAre("spec.volumeClaimTemplates[0].metadata.name: Invalid value: \"a.b\": must "
                  "not contain dots"));
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.spec.volumeClaimTemplates = {claim("data"), claim("data")};
              }),
              ElementsAre("spec.volumeClaimTemplates[1].metadata.name: Duplicate value: \"data\""));
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.metadata.name = std::string(200, 'y');
                s.spec.volumeClaimTemplates = {claim(std::string(53, 'x'))};
              }),
              ElementsAre(testing::EndsWith("must be no more than 253 characters")));
}

TEST(ValidateClaims, HaveAccessModes) {
  const auto of = [](std::vector<std::string> modes) {
    return claim_faults([&](ClaimTemplate& c) { c.spec.accessModes = std::move(modes); });
  };
  EXPECT_THAT(of({"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"}), IsEmpty());
  EXPECT_THAT(of({}), ElementsAre("spec.volumeClaimTemplates[0].spec.accessModes: Required value: "
                                  "at least 1 access mode is required"));
  EXPECT_THAT(of({"RWO"}),
              ElementsAre("spec.volumeClaimTemplates[0].spec.accessModes: Unsupported value: "
                          "\"RWO\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", "
                          "\"ReadWriteOnce\", \"ReadWriteOncePod\""));
  EXPECT_THAT(of({"ReadWriteOncePod", "ReadWriteOnce"}),
              ElementsAre("spec.volumeClaimTemplates[0].spec.accessModes: Forbidden: may not use "
                          "ReadWriteOncePod with other access modes"));
}

TEST(ValidateClaims, AskForStorageAndNothingElse) {
  const auto of = [](ResourceList requests) {
    return claim_faults([&](ClaimTemplate& c) { c.spec.resources.requests = std::move(requests); });
  };
  constexpr char kRequests[] = "spec.volumeClaimTemplates[0].spec.resources.requests";
  EXPECT_THAT(of({}), ElementsAre(std::string(kRequests) + "[storage]: Required value"));
  for (const char* none : {"0", "-1"}) {
    EXPECT_THAT(of({{"storage", none}}), ElementsAre(HasSubstr("must be greater than zero")));
  }
  EXPECT_THAT(of({{"storage", "x"}}), ElementsAre(HasSubstr("quantities must match")));
  EXPECT_THAT(of({{"storage", "1Gi"}, {"cpu", "1"}}),
              ElementsAre(std::string(kRequests) +
                          "[cpu]: Unsupported value: \"cpu\": supported values: \"storage\""));
}

TEST(ValidateClaims, AreFileSystemsOfAStorageClass) {
  EXPECT_THAT(claim_faults([](ClaimTemplate& c) { c.spec.storageClassName = ""; }), IsEmpty());
  EXPECT_THAT(claim_faults([](ClaimTemplate& c) { c.spec.storageClassName = "A B"; }),
              ElementsAre(StartsWith("spec.volumeClaimTemplates[0].spec.storageClassName: Invalid "
                                     "value: \"A B\": a lowercase RFC 1123 subdomain")));
  EXPECT_THAT(claim_faults([](ClaimTemplate& c) { c.spec.volumeMode = "Block"; }),
              ElementsAre("spec.volumeClaimTemplates[0].spec.volumeMode: Unsupported: this agent "
                          "does not hand out block devices yet"));
  EXPECT_THAT(claim_faults([](ClaimTemplate& c) { c.spec.volumeMode = "X"; }),
              ElementsAre("spec.volumeClaimTemplates[0].spec.volumeMode: Unsupported value: \"X\": "
                          "supported values: \"Filesystem\""));
}

TEST(ValidateClaims, LabelsAreChecked) {
  EXPECT_THAT(
      claim_faults([](ClaimTemplate& c) {
        c.metadata.labels = {{"a b", ""}};
        c.metadata.annotations = {{"/a", ""}};
      }),
      ElementsAre(StartsWith("spec.volumeClaimTemplates[0].metadata.labels: Invalid"),
                  StartsWith("spec.volumeClaimTemplates[0].metadata.annotations: Invalid")));
}

}  // namespace
}  // namespace sandboxlet::api
