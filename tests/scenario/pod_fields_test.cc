#include <filesystem>
#include <fstream>

#include "agent/suspend/cgroups.h"
#include "tests/rig/eventually.h"
#include "tests/scenario/agent_test.h"
#include "tests/scenario/manifest.h"

namespace sandboxlet::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// What a PodSpec asks for, seen from inside the container that the runtime made of it.
class PodFieldsTest : public AgentTest {
 protected:
  // container and spec as JSON members, each with a comma behind it.
  void start(const std::string& container, const std::string& spec = "") {
    const auto applied = apply(counter_manifest("box", spec, container));
    ASSERT_TRUE(applied.ok()) << applied.error_message();
    ASSERT_TRUE(becomes("box", "Ready", "True"));
  }
  std::string in_box(const std::string& script) { return run_in("box", {"sh", "-c", script}); }
  // Of the container's init process: a line of its status.
  std::string status_line(const std::string& name) {
    return in_box("grep ^" + name + ": /proc/1/status");
  }
};

TEST_F(PodFieldsTest, CommandArgsEnvAndWorkingDirReachTheProcess) {
  start(R"json(
      "command": ["sh", "-c",
                  "echo \"$0 $(WHO) $PLAIN $$(WHO) $(NOBODY) $PWD\" > /home/said; sleep 1000"],
      "args": ["$(GREETING)"], "workingDir": "/usr",
      "env": [{"name": "WHO", "value": "world"}, {"name": "GREETING", "value": "hello $(WHO)"},
              {"name": "PLAIN", "value": "x"}],)json");
  // The shell runs a command of that name, and finds none.
  EXPECT_TRUE(eventually([&] {
    return in_box("cat /home/said") == "hello world world x   /usr\n";
  })) << in_box("cat /home/said");
}

TEST_F(PodFieldsTest, TheHostnameIsTheSandboxesNameOrItsOwn) {
  start("");
  EXPECT_EQ(in_box("hostname"), "box\n");
  EXPECT_EQ(in_box("hostname -i"), get("box")->status.podIPs.at(0) + "\n");
  ASSERT_TRUE(remove("box").ok());
  start("", R"("hostname":"own",)");
  EXPECT_EQ(in_box("hostname"), "own\n");
}

TEST_F(PodFieldsTest, LimitsReachTheCgroups) {
  start(R"("resources":{"limits":{"cpu":"500m","memory":"64Mi"},"requests":{"cpu":"250m"}},)");
  const auto cgroups = sandboxlet::agent::open_cgroups(runtime().cgroup_root(), {});
  ASSERT_TRUE(cgroups);
  const auto uid = get("box")->metadata.uid;
  EXPECT_TRUE(*(*cgroups)->contains(uid, pid("box")));
  // Each layout's own file, of the pod and below it of the container.
  const auto limit = [&](const std::string& v1, const std::string& v2) {
    const bool is_v2 = (*cgroups)->layout() == sandboxlet::agent::CgroupLayout::kV2;
    std::ifstream file("/sys/fs/cgroup" + (is_v2 ? "" : "/" + v1.substr(0, v1.find('.'))) +
                       runtime().cgroup_root() + "/" + uid + "/" + (is_v2 ? v2 : v1));
    std::string text;
    file >> text;
    return text;
  };
  EXPECT_EQ(limit("memory.limit_in_bytes", "memory.max"), std::to_string(64 << 20));
  EXPECT_EQ(limit("cpu.cfs_quota_us", "cpu.max"), "50000");
  // More than its memory is not to be had.
  EXPECT_EQ(in_box("dd if=/dev/zero of=/dev/null bs=128M count=1 2> /dev/null; echo $?"), "137\n");
}

TEST_F(PodFieldsTest, UserGroupAndCapabilitiesAreTheOnesAskedFor) {
  start(R"("securityContext":{"runAsUser":1000,"runAsGroup":2000,"allowPrivilegeEscalation":false,)"
        R"("capabilities":{"drop":["ALL"]}},"command":["sleep","1000"],)");
  EXPECT_THAT(status_line("Uid"), HasSubstr("1000"));
  EXPECT_THAT(status_line("Gid"), HasSubstr("2000"));
  EXPECT_THAT(status_line("CapEff"), HasSubstr("0000000000000000"));
  EXPECT_THAT(status_line("NoNewPrivs"), EndsWith("1\n"));
}

TEST_F(PodFieldsTest, AGroupAloneIsARootsGroup) {
  start(R"("securityContext":{"runAsGroup":2000},"command":["sleep","1000"],)");
  EXPECT_THAT(status_line("Uid"), HasSubstr("\t0\t"));
  EXPECT_THAT(status_line("Gid"), HasSubstr("2000"));
}

TEST_F(PodFieldsTest, SeccompIsOnUnlessUnconfinedOrPrivileged) {
  start("");
  EXPECT_THAT(status_line("Seccomp"), EndsWith("2\n"));
  ASSERT_TRUE(remove("box").ok());
  start(R"("securityContext":{"seccompProfile":{"type":"Unconfined"}},)");
  EXPECT_THAT(status_line("Seccomp"), EndsWith("0\n"));
  ASSERT_TRUE(remove("box").ok());
  start(R"("securityContext":{"privileged":true},)");
  EXPECT_THAT(status_line("Seccomp"), EndsWith("0\n"));
  EXPECT_EQ(in_box("test -e /dev/kmsg && echo there"), "there\n");
}

TEST_F(PodFieldsTest, AReadOnlyRootLeavesVolumesWritable) {
  start(R"("securityContext":{"readOnlyRootFilesystem":true},"command":["sleep","1000"],)");
  EXPECT_EQ(in_box("touch /new 2>/dev/null || echo refused"), "refused\n");
  EXPECT_EQ(in_box("touch /home/new /scratch/new && echo done"), "done\n");
}

TEST_F(PodFieldsTest, AMemoryVolumeHasItsSizeAndGoesWithThePod) {
  start("");
  EXPECT_THAT(in_box("df -k /scratch | tail -1"), HasSubstr(" 8192 "));
  in_box("touch /scratch/file /home/file");
  ASSERT_TRUE(suspend("box", "Stop").ok());
  ASSERT_TRUE(resume("box").ok());
  EXPECT_EQ(in_box("ls /scratch"), "file\n");
  ASSERT_TRUE(suspend("box", "Terminate").ok());
  ASSERT_TRUE(resume("box").ok());
  EXPECT_EQ(in_box("ls /scratch /home"), "/home:\nfile\n\n/scratch:\n");
}

TEST_F(PodFieldsTest, AHostPathIsWhatItIsCheckedToBe) {
  const std::string path = runtime().dir() + "/shared";
  const auto manifest = [&](const std::string& type) {
    auto text = counter_manifest("box");
    text.replace(
        text.find(R"({"name":"scratch","emptyDir")"), 0,
        R"({"name":"host","hostPath":{"path":")" + path + R"(","type":")" + type + R"("}},)");
    text.replace(text.find(R"({"name":"scratch","mountPath")"), 0,
                 R"({"name":"host","mountPath":"/host"},)");
    return text;
  };
  ASSERT_TRUE(apply(manifest("Directory")).ok());
  EXPECT_TRUE(eventually([&] {
    const auto box = get("box");
    return box && !box->status.conditions.empty() &&
           box->status.conditions[0].message.find("hostPath") != std::string::npos;
  }));
  EXPECT_FALSE(std::filesystem::exists(path));
  // Made while it is asked for: the next try finds it.
  std::filesystem::create_directory(path);
  std::ofstream(path + "/file") << "from the host";
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  EXPECT_EQ(in_box("cat /host/file"), "from the host");
  ASSERT_TRUE(remove("box").ok());
  EXPECT_TRUE(std::filesystem::exists(path + "/file"));
  std::filesystem::remove_all(path);
}

TEST_F(PodFieldsTest, ContainersShareTheAddressAndTheVolumesAndCrashAlone) {
  auto text = counter_manifest("box");
  text.replace(text.find(R"("containers":[)") + 14, 0,
               R"({"name":"side","image":"sandboxlet.test/busybox:1",)"
               R"("command":["sh","-c","echo side > /home/side; sleep 1000"],)"
               R"("volumeMounts":[{"name":"home","mountPath":"/home"}]},)");
  ASSERT_TRUE(apply(text).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  EXPECT_TRUE(eventually([&] { return in_box("cat /home/side") == "side\n"; }));
  const pid_t counter = pid("box");
  const auto side = loop_.run(runtime_client_->exec_sync(
      container_id("box", "side"), {"hostname", "-i"}, std::chrono::seconds(10)));
  ASSERT_TRUE(side);
  EXPECT_EQ(side->stdout(), in_box("hostname -i"));
  ASSERT_TRUE(loop_.run(runtime_client_->stop_container(container_id("box", "side"), {})));
  EXPECT_TRUE(eventually([&] {
    const auto box = get("box");
    return box->status.containers.at(0).restartCount == 1 &&
           box->status.containers.at(0).state == "Running";
  }));
  EXPECT_EQ(pid("box"), counter);
}

TEST_F(PodFieldsTest, AnImageThatIsNotThereIsToldByItsPolicy) {
  auto text = manifest("box");
  text.replace(text.find("sandboxlet.test/counter:1"), 25, "sandboxlet.test/nowhere:1");
  text.replace(text.find("IfNotPresent"), 12, "Never");
  ASSERT_TRUE(apply(text).ok());
  EXPECT_TRUE(eventually([&] {
    const auto box = get("box");
    return !box->status.containers.empty() &&
           box->status.containers[0].reason == "ErrImageNeverPull";
  }));
  const auto resumed = resume("box");
  EXPECT_FALSE(resumed.ok());
}

}  // namespace
}  // namespace sandboxlet::test
