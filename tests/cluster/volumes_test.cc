#include <sys/statvfs.h>

#include <filesystem>
#include <fstream>

#include "base/command.h"
#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

const std::string kClaims = "/api/v1/namespaces/default/persistentvolumeclaims";
const std::string kVolumes = "/api/v1/persistentvolumes";
constexpr char kMergePatch[] = "application/merge-patch+json";
constexpr char kImage[] = "sandboxlet-local";
constexpr char kDirectory[] = "sandboxlet-local-directory";

// Claims of Sandboxes with the real controllers that bind and protect them.
class VolumesTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    static const auto controlled = api().run_controllers(
        {"persistentvolume-binder-controller", "persistentvolume-protection-controller",
         "persistentvolumeclaim-protection-controller"});
    ASSERT_TRUE(controlled) << controlled.error().message();
  }
  void TearDown() override {
    if (cluster_) {
      kubectl({"delete", "sandboxes", "--all", "--timeout=60s"});
      const Json claims = ask("GET", kClaims);
      for (const Json& claim : claims["items"]) remove_claim(claim["metadata"]["name"]);
      EXPECT_TRUE(eventually([] { return ask("GET", kVolumes)["items"].empty(); }))
          << ask("GET", kVolumes);
    }
    ClusterTest::TearDown();
  }

  static Json claim(const std::string& name) {
    auto object = api().request("GET", kClaims + "/" + name);
    return object ? Json::parse(*object) : Json();
  }
  static Json volume(const std::string& name) {
    auto object = api().request("GET", kVolumes + "/" + name);
    return object ? Json::parse(*object) : Json();
  }
  static void patch_claim(const std::string& name, const Json& patch) {
    ask("PATCH", kClaims + "/" + name, patch.dump(), kMergePatch);
  }
  static void create_claim(const std::string& name, const std::string& storage_class,
                           const Json& spec = Json::object(), const std::string& size = "64Mi") {
    Json object{{"metadata", {{"name", name}}}};
    object["spec"] = {{"accessModes", {"ReadWriteOnce"}},
                      {"storageClassName", storage_class},
                      {"resources", {{"requests", {{"storage", size}}}}}};
    object["spec"].merge_patch(spec);
    ask("POST", kClaims, object.dump());
  }
  // Once no Sandbox uses it.
  static void remove_claim(const std::string& name) {
    ask("DELETE", kClaims + "/" + name);
    EXPECT_TRUE(eventually([&] { return claim(name).is_null(); })) << claim(name);
  }
  // What the claim is bound to.
  static std::string volume_of(const std::string& name) {
    return claim(name)["spec"].value("volumeName", "");
  }

  // One that adds a line to /data/log each time that it starts.
  static Json writer(const std::string& name, const std::string& claim,
                     const Json& spec = Json::object()) {
    Json sandbox = counter(name);
    Json& pod = sandbox["spec"]["podTemplate"]["spec"];
    pod["containers"][0].merge_patch(
        {{"image", "sandboxlet.test/busybox:1"},
         {"command", {"sh", "-c", "echo started >> /data/log; exec sleep 100000"}}});
    pod["containers"][0]["volumeMounts"] = {{{"name", "data"}, {"mountPath", "/data"}}};
    pod["volumes"] = {{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", claim}}}}};
    sandbox["spec"].merge_patch(spec);
    return sandbox;
  }
  // It runs with a volume of its own of that class.
  void run(const std::string& name, const std::string& storage_class,
           const std::string& size = "64Mi") {
    create_claim("data-" + name, storage_class, Json::object(), size);
    create(writer(name, "data-" + name));
    ASSERT_TRUE(becomes(name, "Ready", "True")) << get(name)["status"] << claim("data-" + name);
  }

  std::string local_volumes() { return node().runtime->dir() + "/data/local-volumes/"; }
  // Where its content is on this machine.
  std::string content(const std::string& volume) {
    const std::string mount = local_volumes() + volume + "/mount";
    return fs::exists(mount) ? mount : local_volumes() + volume + "/data";
  }
  std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static bool is_mounted(const std::string& path) {
    return run_command({"findmnt", "--noheadings", "--mountpoint", path}).has_value();
  }
  static std::string loops() {
    return run_command({"losetup", "--list", "--noheadings"}).value_or("");
  }
  bool says(const std::string& name, const std::string& what) {
    return eventually([&] {
      const Json ready = condition(name, "Ready");
      return !ready.is_null() && testing::Value(ready.value("message", ""), HasSubstr(what));
    });
  }
  void suspend(const std::string& name, const std::string& depth) {
    patch(name, {{"spec", {{"operatingMode", "Suspended"}, {"suspend", {{"depth", depth}}}}}});
    ASSERT_TRUE(becomes(name, "Suspended", "True")) << condition(name, "Suspended");
  }
  void resume(const std::string& name) {
    patch(name, {{"spec", {{"operatingMode", "Running"}}}});
    ASSERT_TRUE(becomes(name, "Ready", "True")) << condition(name, "Ready");
  }
};

TEST_F(VolumesTest, AClaimOfEachClassIsMadeMountedAndGoesWithAllOfIt) {
  begin();
  for (const std::string storage_class : {kImage, kDirectory}) {
    const std::string name = "made-" + std::to_string(storage_class.size());
    const std::string claim_name = "data-" + name;
    run(name, storage_class);
    const std::string volume_name = volume_of(claim_name);
    EXPECT_EQ(volume_name, "pvc-" + claim(claim_name)["metadata"]["uid"].get<std::string>());
    EXPECT_EQ(claim(claim_name)["status"]["capacity"]["storage"], "64Mi");
    EXPECT_EQ(text_of(content(volume_name) + "/log"), "started\n");
    const bool is_image = storage_class == kImage;
    EXPECT_EQ(is_mounted(local_volumes() + volume_name + "/mount"), is_image);
    EXPECT_TRUE(eventually(
        [&] { return testing::Value(events_of(claim_name), Contains("ProvisioningSucceeded")); }));
    remove(name);
    ASSERT_TRUE(is_gone(name));
    // The claim is its own.
    EXPECT_EQ(text_of(local_volumes() + volume_name + "/record.json").empty(), false);
    EXPECT_FALSE(is_mounted(local_volumes() + volume_name + "/mount"));
    remove_claim(claim_name);
    EXPECT_TRUE(eventually([&] { return volume(volume_name).is_null(); })) << volume(volume_name);
    EXPECT_FALSE(fs::exists(local_volumes() + volume_name));
    EXPECT_THAT(loops(), testing::Not(HasSubstr(volume_name)));
  }
}

TEST_F(VolumesTest, ANodeTellsWhatItsVolumesMayHaveTogether) {
  ASSERT_TRUE(cluster_->add_node("node-1", "localVolumes: 100Mi\n"));
  EXPECT_TRUE(eventually([] {
    const auto object = api().request("GET", "/apis/sandboxlet.io/v1alpha1/sandboxnodes/node-1");
    if (!object) return false;
    const Json status = Json::parse(*object).value("status", Json::object());
    return status.value(Json::json_pointer("/allocatable/sandboxlet.io~1local-volumes"), "") ==
           "104857600";
  }));
}

TEST_F(VolumesTest, DataOutlivesEveryDepth) {
  begin();
  run("kept", kImage);
  const std::string mount = local_volumes() + volume_of("data-kept") + "/mount";
  suspend("kept", "Freeze");
  resume("kept");
  EXPECT_EQ(text_of(mount + "/log"), "started\n");
  suspend("kept", "Stop");
  EXPECT_TRUE(is_mounted(mount));
  resume("kept");
  EXPECT_EQ(text_of(mount + "/log"), "started\nstarted\n");
  suspend("kept", "Terminate");
  EXPECT_FALSE(is_mounted(mount));
  EXPECT_THAT(loops(), testing::Not(HasSubstr(volume_of("data-kept"))));
  resume("kept");
  EXPECT_EQ(text_of(mount + "/log"), "started\nstarted\nstarted\n");
}

TEST_F(VolumesTest, AnAgentThatIsKilledFindsItsVolumesInUseWithoutTheApiServer) {
  begin();
  create_claim("gated", kImage);
  Json sandbox = writer("survives", "gated");
  // It ends when somebody writes into the gate.
  sandbox["spec"]["podTemplate"]["spec"]["containers"][0]["command"] = {
      "sh", "-c", "mkfifo /data/gate; echo started >> /data/log; cat /data/gate"};
  create(sandbox);
  ASSERT_TRUE(becomes("survives", "Ready", "True"));
  const std::string volume_path = content(volume_of("gated"));
  ASSERT_TRUE(api().kill());
  ASSERT_TRUE(node().agent->kill_and_restart());
  ASSERT_EQ(pods(0, "survives"), 1u);
  EXPECT_EQ(text_of(volume_path + "/log"), "started\n");
  // Its container is run once more, on the volume that is staged.
  std::ofstream(volume_path + "/gate") << "end";
  EXPECT_TRUE(eventually([&] { return text_of(volume_path + "/log") == "started\nstarted\n"; }));
  ASSERT_TRUE(api().restart());
  EXPECT_TRUE(becomes("survives", "Ready", "True"));
}

TEST_F(VolumesTest, AnAgentThatIsKilledWhileItMakesThemMakesThemAll) {
  begin();
  constexpr int kMany = 8;
  for (int i = 0; i < kMany; ++i) {
    const std::string name = "many-" + std::to_string(i);
    create_claim("data-" + name, i % 2 == 0 ? kImage : kDirectory);
    create(writer(name, "data-" + name));
    if (i % 3 != 2) continue;
    ASSERT_TRUE(node().agent->kill_and_restart());
  }
  for (int i = 0; i < kMany; ++i) {
    EXPECT_TRUE(becomes("many-" + std::to_string(i), "Ready", "True"));
  }
  EXPECT_EQ(ask("GET", kVolumes)["items"].size(), size_t{kMany});
}

TEST_F(VolumesTest, WhatIsRetainedStaysOnDiskWhenItsClaimIsGone) {
  begin();
  run("retained", kDirectory);
  const std::string name = volume_of("data-retained");
  ask("PATCH", kVolumes + "/" + name,
      Json{{"spec", {{"persistentVolumeReclaimPolicy", "Retain"}}}}.dump(), kMergePatch);
  remove("retained");
  ASSERT_TRUE(is_gone("retained"));
  remove_claim("data-retained");
  EXPECT_TRUE(eventually([&] { return volume(name)["status"]["phase"] == "Released"; }));
  EXPECT_EQ(text_of(content(name) + "/log"), "started\n");
  ask("DELETE", kVolumes + "/" + name);
  EXPECT_TRUE(eventually([&] { return volume(name).is_null(); })) << volume(name);
  EXPECT_EQ(text_of(content(name) + "/log"), "started\n");
  fs::remove_all(local_volumes() + name);
}

// At once where the kernel lets the agent do so (CAP_SYS_RESOURCE), else when it is mounted anew.
TEST_F(VolumesTest, AVolumeGrowsForAClaimThatAsksForMore) {
  begin();
  run("grows", kImage);
  const std::string name = volume_of("data-grows");
  const auto size = [&] {
    struct statvfs status {};
    statvfs((local_volumes() + name + "/mount").c_str(), &status);
    return status.f_blocks * status.f_frsize;
  };
  const auto before = size();
  patch_claim("data-grows", {{"spec", {{"resources", {{"requests", {{"storage", "128Mi"}}}}}}}});
  EXPECT_TRUE(eventually([&] { return volume(name)["spec"]["capacity"]["storage"] == "128Mi"; }));
  const auto is_told = [&] {
    const Json status = claim("data-grows")["status"];
    return status["capacity"]["storage"] == "128Mi" || status.contains("conditions");
  };
  EXPECT_TRUE(eventually(is_told)) << claim("data-grows");
  EXPECT_EQ(condition("grows", "Ready")["status"], "True");
  suspend("grows", "Terminate");
  resume("grows");
  EXPECT_GT(size(), before + (48U << 20));
  EXPECT_TRUE(eventually([&] {
    const Json status = claim("data-grows")["status"];
    return status["capacity"]["storage"] == "128Mi" && !status.contains("conditions");
  })) << claim("data-grows");
  EXPECT_EQ(text_of(local_volumes() + name + "/mount/log"), "started\nstarted\n");
}

TEST_F(VolumesTest, AFullVolumeIsFullForItsSandboxAlone) {
  begin();
  run("neighbour", kImage);
  create_claim("data-full", kImage);
  Json full = writer("full", "data-full");
  full["spec"]["podTemplate"]["spec"]["containers"][0]["command"] = {
      "sh", "-c",
      "dd if=/dev/zero of=/data/big bs=1M count=200 2> /tmp/why; cp /tmp/why /dev/stderr; exec "
      "sleep 100000"};
  create(full);
  ASSERT_TRUE(becomes("full", "Ready", "True"));
  const std::string logs = node().runtime->dir() + "/logs";
  EXPECT_TRUE(eventually([&] {
    const auto found = run_command({"grep", "-r", "No space left on device", logs});
    return found.has_value();
  }));
  const std::string other = content(volume_of("data-neighbour"));
  std::ofstream(other + "/more") << std::string(1 << 20, 'x');
  EXPECT_EQ(fs::file_size(other + "/more"), size_t{1} << 20);
  EXPECT_EQ(condition("neighbour", "Ready")["status"], "True");
}

TEST_F(VolumesTest, OneClaimIsSharedOnItsNodeAndUnmountedWithTheLast) {
  begin();
  run("first", kImage);
  create(writer("second", "data-first"));
  ASSERT_TRUE(becomes("second", "Ready", "True"));
  const std::string mount = local_volumes() + volume_of("data-first") + "/mount";
  EXPECT_EQ(text_of(mount + "/log"), "started\nstarted\n");
  remove("first");
  ASSERT_TRUE(is_gone("first"));
  EXPECT_TRUE(is_mounted(mount));
  suspend("second", "Terminate");
  EXPECT_FALSE(is_mounted(mount));
}

TEST_F(VolumesTest, WhatIsMissingIsToldUntilItIsThere) {
  begin();
  create(writer("waits", "absent"));
  ASSERT_TRUE(becomes("waits", "PodScheduled", "False"));
  EXPECT_THAT(condition("waits", "PodScheduled")["message"].get<std::string>(),
              HasSubstr("persistentvolumeclaim \"absent\" not found"));
  create_claim("absent", kImage);
  EXPECT_TRUE(becomes("waits", "Ready", "True"));
}

TEST_F(VolumesTest, WhatNoVolumeCanBeIsToldByItsField) {
  begin();
  create_claim("block", kImage, {{"volumeMode", "Block"}});
  create(writer("blocked", "block"));
  EXPECT_TRUE(says("blocked", "volumeMode Block, which is not supported"));
  EXPECT_TRUE(eventually(
      [&] { return testing::Value(events_of("block"), Contains("ProvisioningFailed")); }));
}

TEST_F(VolumesTest, VolumesOfTheNodeThatOthersMadeAreStaged) {
  begin();
  const std::string folder = node().runtime->dir() + "/theirs";
  fs::create_directory(folder);
  const Json here{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", {"node-1"}}};
  const Json affinity{{"required", {{"nodeSelectorTerms", {{{"matchExpressions", {here}}}}}}}};
  const std::map<std::string, Json> sources{
      {"local", {{"local", {{"path", folder}}}, {"nodeAffinity", affinity}}},
      {"host-path", {{"hostPath", {{"path", folder}}}}}};
  for (const auto& [name, source] : sources) {
    Json object{{"metadata", {{"name", name}}}};
    object["spec"] = {{"capacity", {{"storage", "1Gi"}}},
                      {"accessModes", {"ReadWriteOnce"}},
                      {"storageClassName", ""},
                      {"persistentVolumeReclaimPolicy", "Retain"}};
    object["spec"].update(source);
    ask("POST", kVolumes, object.dump());
    create_claim(name, "", {{"volumeName", name}});
    create(writer(name, name));
    EXPECT_TRUE(becomes(name, "Ready", "True")) << get(name)["status"];
  }
  EXPECT_EQ(text_of(folder + "/log"), "started\nstarted\n");
  for (const auto& [name, source] : sources) {
    remove(name);
    ASSERT_TRUE(is_gone(name));
    ask("DELETE", kClaims + "/" + name);
    ask("DELETE", kVolumes + "/" + name);
  }
  EXPECT_TRUE(fs::exists(folder + "/log"));
  EXPECT_TRUE(eventually([] { return ask("GET", kClaims)["items"].empty(); }));
}

TEST_F(VolumesTest, VolumesOfOtherKindsAreRefusedByName) {
  begin();
  Json object{{"metadata", {{"name", "foreign"}}}};
  object["spec"] = {{"capacity", {{"storage", "1Gi"}}},
                    {"accessModes", {"ReadWriteOnce"}},
                    {"storageClassName", ""},
                    {"persistentVolumeReclaimPolicy", "Retain"},
                    {"csi", {{"driver", "ebs.csi.aws.com"}, {"volumeHandle", "v"}}}};
  ask("POST", kVolumes, object.dump());
  create_claim("foreign", "", {{"volumeName", "foreign"}});
  create(writer("foreign", "foreign"));
  EXPECT_TRUE(says("foreign", "PersistentVolumes of kind csi (ebs.csi.aws.com) are not supported"))
      << condition("foreign", "Ready");
  remove("foreign");
  ASSERT_TRUE(is_gone("foreign"));
  ask("DELETE", kClaims + "/foreign");
  ask("DELETE", kVolumes + "/foreign");
  EXPECT_TRUE(eventually([] { return ask("GET", kClaims)["items"].empty(); }));
}

TEST_F(VolumesTest, AReadOnlyClaimIsNotWrittenTo) {
  begin();
  run("writes", kDirectory);
  Json reader = writer("reads", "data-writes");
  Json& pod = reader["spec"]["podTemplate"]["spec"];
  pod["volumes"][0]["persistentVolumeClaim"]["readOnly"] = true;
  pod["containers"][0]["command"] = {"sh", "-c", "touch /data/mine || exec sleep 100000"};
  create(reader);
  ASSERT_TRUE(becomes("reads", "Ready", "True"));
  EXPECT_FALSE(fs::exists(content(volume_of("data-writes")) + "/mine"));
}

}  // namespace
}  // namespace sandboxlet::test
