#include <fstream>
#include <nlohmann/json.hpp>

#include "base/command.h"
#include "tests/scenario/agent_test.h"

namespace sandboxlet::test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// The operator's program on the real agent: what it prints, and its exit code last.
class SandboxctlTest : public AgentTest {
 protected:
  std::string ctl(const std::string& arguments) {
    const auto answer = run_command(
        {"bash", "-c",
         SANDBOXLET_CTL " --socket " + agent().socket() + " " + arguments + " 2>&1; echo exit $?"});
    return answer ? *answer : answer.error().message();
  }

  std::string file(const std::string& name, const std::string& text) {
    const std::string path = runtime().dir() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  void create(const std::string& name = "box") {
    ASSERT_EQ(ctl("apply -f " + file("sandbox.json", manifest(name))),
              "sandbox.agents.x-k8s.io/" + name + " created\nexit 0");
    ASSERT_THAT(ctl("wait " + name + " --for condition=Ready"), EndsWith("condition met\nexit 0"));
  }
};

TEST_F(SandboxctlTest, LeadsASandboxThroughItsLife) {
  create();
  EXPECT_THAT(ctl("get"), AllOf(StartsWith("NAME"), HasSubstr("box    1/1     Running")));
  EXPECT_THAT(ctl("suspend box"), HasSubstr("suspended (Freeze"));
  EXPECT_THAT(ctl("get box -o wide"), AllOf(HasSubstr("Suspended"), HasSubstr("Freeze")));
  EXPECT_THAT(ctl("resume sandbox/box"), HasSubstr("resumed"));
  EXPECT_THAT(ctl("describe box"), AllOf(HasSubstr("Last Resume:"), HasSubstr("Started")));
  EXPECT_THAT(ctl("top"), HasSubstr("box"));
  EXPECT_THAT(ctl("events box"), HasSubstr("Frozen"));
  EXPECT_THAT(ctl("node"), HasSubstr("1 running"));
  EXPECT_EQ(ctl("get -o name | xargs -I{} " SANDBOXLET_CTL " --socket " + agent().socket() +
                " delete {}"),
            "sandbox.agents.x-k8s.io \"box\" deleted\nexit 0");
  EXPECT_THAT(ctl("get"), HasSubstr("No sandboxes found in default namespace."));
}

TEST_F(SandboxctlTest, AnswersWithTheCommandsOwnExitCode) {
  create();
  EXPECT_EQ(ctl("exec box -- sh -c 'echo out; exit 7'"), "out\nexit 7");
  EXPECT_EQ(ctl("exec -i box -- wc -c < " + file("input", std::string(100'000, 'x'))),
            "100000\nexit 0");
  EXPECT_EQ(ctl("exec box -c nobody -- true"),
            "sandboxctl: container \"nobody\" of Sandbox \"box\" is not running\nexit 1");
}

TEST_F(SandboxctlTest, WritesWhatScriptsRead) {
  create();
  const auto one = ctl("get box -o json");
  const auto json = nlohmann::json::parse(one.substr(0, one.rfind("exit 0")), nullptr, false);
  ASSERT_TRUE(json.is_object()) << one;
  EXPECT_EQ(json["metadata"]["name"], "box");
  EXPECT_THAT(ctl("get -o yaml"), HasSubstr("kind: \"List\""));
  // What get prints, apply takes.
  const auto yaml = ctl("get box -o yaml");
  EXPECT_EQ(ctl("apply -f " + file("again.yaml", yaml.substr(0, yaml.rfind("exit 0")))),
            "sandbox.agents.x-k8s.io/box unchanged\nexit 0");
}

TEST_F(SandboxctlTest, SaysOfEachObjectWhatIsWrongAndDoesTheOthers) {
  auto bad = manifest("bad");
  bad.replace(bad.find(R"("image":)"), 8, R"("imagge":)");
  const auto path = file("both.yaml", bad + "\n---\n" + manifest("good"));
  const auto said = ctl("apply -f " + path);
  EXPECT_THAT(said, HasSubstr("spec.podTemplate.spec.containers[0].imagge"));
  EXPECT_THAT(said, HasSubstr("sandbox.agents.x-k8s.io/good created"));
  EXPECT_THAT(said, EndsWith("exit 1"));
}

TEST_F(SandboxctlTest, NamesWhatIsNotThere) {
  EXPECT_EQ(ctl("suspend nobody"),
            "sandboxctl: sandboxes.agents.x-k8s.io \"nobody\" not found\nexit 1");
  EXPECT_THAT(ctl("wait nobody --for condition=Ready"), EndsWith("not found\nexit 1"));
  EXPECT_THAT(ctl("wait nobody --for delete"), EndsWith("exit 0"));
}

}  // namespace
}  // namespace sandboxlet::test
