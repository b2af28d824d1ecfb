#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/suspend/cgroups.h"
#include "base/command.h"
#include "cri/client.h"
#include "tests/rig/core_loop.h"
#include "tests/rig/eventually.h"
#include "tests/rig/pods.h"
#include "tests/rig/real_test.h"

namespace sandboxlet::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A Client of the real runtime, with one running pod of one counter, in a cgroup of ours.
class ClientRealTest : public RealTest {
 protected:
  void SetUp() override {
    RealTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    client_.emplace(cri::ClientOptions{.socket = runtime().socket()});
    ASSERT_NO_FATAL_FAILURE(make_cgroup());
    pod_config_ = pod_config(runtime(), kPod);
    pod_ = must(client_->run_pod_sandbox(pod_config_, ""));
    container_ = must(
        client_->create_container(pod_, container_config("counter", kCounterImage), pod_config_));
    must(client_->start_container(container_));
  }

  void TearDown() override {
    // Some tests take it away themselves.
    if (!pod_.empty()) {
      must(client_->stop_pod_sandbox(pod_));
      must(client_->remove_pod_sandbox(pod_));
    }
    if (!cgroups_) return;
    auto removed = cgroups_->remove(kPod);
    EXPECT_TRUE(removed.has_value()) << removed.error().message();
  }

  void make_cgroup() {
    auto cgroups = agent::open_cgroups(runtime().cgroup_root(), {});
    ASSERT_TRUE(cgroups.has_value()) << cgroups.error().message();
    cgroups_ = std::move(*cgroups);
    auto made = cgroups_->create(kPod, {});
    ASSERT_TRUE(made.has_value()) << made.error().message();
  }

  // What a call answers that is to succeed.
  template <class T>
  T must(Task<Result<T>> call) {
    auto answer = loop_.run(std::move(call));
    EXPECT_TRUE(answer.has_value()) << answer.error().message();
    if constexpr (!std::is_void_v<T>) return answer.has_value() ? std::move(*answer) : T();
  }

  std::string output_of(std::vector<std::string> command) {
    auto done = must(client_->exec_sync(container_, std::move(command), seconds(10)));
    EXPECT_EQ(done.exit_code(), 0) << done.stderr();
    return done.stdout();
  }

  uint64_t count() {
    const auto text = output_of({std::begin(kCountOf), std::end(kCountOf)});
    uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  // Until the counter has come so far.
  void await_count(uint64_t least) {
    for (int tries = 0; tries < 1000; ++tries) {
      if (count() >= least) return;
    }
    FAIL() << "the counter stands still";
  }

  pid_t pid() {
    auto status = must(client_->container_status(container_, true));
    return nlohmann::json::parse(status.info().at("info"))["pid"];
  }

  // Calls version() until the runtime answers; without, what it said last.
  Task<Result<>> answers_again() {
    Result<> last;
    for (int tries = 0; tries < 1000; ++tries) {
      auto version = co_await client_->version();
      if (version.has_value()) co_return Result<>();
      last = version.error();
      co_await loop_.clock().sleep(milliseconds(10));
    }
    co_return last;
  }

  static constexpr char kPod[] = "counter";

  CoreLoop loop_;
  std::optional<cri::Client> client_;
  std::unique_ptr<agent::Cgroups> cgroups_;
  cri::v1::PodSandboxConfig pod_config_;
  std::string pod_;
  std::string container_;
};

TEST_F(ClientRealTest, TheRuntimeSaysWhatItIs) {
  auto version = must(client_->version());
  EXPECT_EQ(version.runtime_name(), "containerd");
  EXPECT_EQ(version.runtime_api_version(), "v1");
  const auto status = must(client_->status(false));
  EXPECT_EQ(status.status().conditions_size(), 2);
  for (const auto& condition : status.status().conditions()) {
    EXPECT_TRUE(condition.status()) << condition.type() << ": " << condition.message();
  }
}

TEST_F(ClientRealTest, APodHasAnAddressAndRunsInTheCgroupItWasGiven) {
  auto status = must(client_->pod_sandbox_status(pod_, false)).status();
  EXPECT_EQ(status.state(), cri::v1::SANDBOX_READY);
  EXPECT_THAT(status.network().ip(), testing::StartsWith("198.1"));
  auto inside = cgroups_->contains(kPod, pid());
  ASSERT_TRUE(inside.has_value()) << inside.error().message();
  EXPECT_TRUE(*inside);
}

TEST_F(ClientRealTest, ExecSyncReachesWhatIsInMemory) {
  const auto before = count();
  await_count(before + 10);
}

TEST_F(ClientRealTest, ExecSyncTellsTheStreamsAndTheExitCodeApart) {
  auto done = must(client_->exec_sync(
      container_, {"sh", "-c", "echo to out; echo to err >&2; exit 7"}, seconds(10)));
  EXPECT_EQ(done.stdout(), "to out\n");
  EXPECT_EQ(done.stderr(), "to err\n");
  EXPECT_EQ(done.exit_code(), 7);
}

TEST_F(ClientRealTest, ExecSyncEndsACommandAtItsTimeout) {
  auto done = loop_.run(client_->exec_sync(container_, {"sleep", "600"}, seconds(1)));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code(), Code::kDeadlineExceeded);
}

TEST_F(ClientRealTest, SurvivesTheRuntimesDeathWithACallUnderWay) {
  const auto pid_before = pid();
  std::optional<Result<cri::v1::ExecSyncResponse>> outstanding;
  asio::co_spawn(loop_.io(),
                 client_->exec_sync(container_, {"sh", "-c", "touch /run/begun; exec sleep 600"},
                                    std::chrono::minutes(10)),
                 [&](std::exception_ptr failure, Result<cri::v1::ExecSyncResponse> done) {
                   die_on_exception(failure);
                   outstanding.emplace(std::move(done));
                 });
  output_of({"sh", "-c", "until test -e /run/begun; do usleep 1000; done"});
  const auto count_before = count();

  auto killed = runtime().kill();
  ASSERT_TRUE(killed.has_value()) << killed.error().message();
  auto cut_off = loop_.wait_for(outstanding);
  ASSERT_FALSE(cut_off.has_value());
  EXPECT_EQ(cut_off.error().code(), Code::kUnavailable) << cut_off.error().message();
  EXPECT_EQ(loop_.run(client_->version()).error().code(), Code::kUnavailable);

  auto restarted = runtime().restart();
  ASSERT_TRUE(restarted.has_value()) << restarted.error().message();
  auto answered = loop_.run(answers_again());
  ASSERT_TRUE(answered.has_value()) << answered.error().message();
  auto status = must(client_->container_status(container_, false)).status();
  EXPECT_EQ(status.state(), cri::v1::CONTAINER_RUNNING);
  EXPECT_EQ(pid(), pid_before);
  EXPECT_GE(count(), count_before);
}

TEST_F(ClientRealTest, AnExitedContainerKeepsItsExitCode) {
  auto config = container_config("exits", kBusyboxImage);
  for (const auto* word : {"sh", "-c", "exit 3"}) config.add_command(word);
  auto id = must(client_->create_container(pod_, config, pod_config_));
  must(client_->start_container(id));
  cri::v1::ContainerStatus status;
  for (int tries = 0; tries < 1000 && status.state() != cri::v1::CONTAINER_EXITED; ++tries) {
    status = must(client_->container_status(id, false)).status();
  }
  EXPECT_EQ(status.exit_code(), 3);
  EXPECT_EQ(status.reason(), "Error");
}

TEST_F(ClientRealTest, StopAndRemoveAreIdempotent) {
  must(client_->stop_container(container_, seconds(10)));
  must(client_->stop_container(container_, seconds(10)));
  EXPECT_EQ(must(client_->container_status(container_, false)).status().exit_code(), 0);
  must(client_->remove_container(container_));
  must(client_->remove_container(container_));
  must(client_->stop_pod_sandbox(pod_));
  must(client_->stop_pod_sandbox(pod_));
  must(client_->remove_pod_sandbox(pod_));
  must(client_->remove_pod_sandbox(pod_));
  EXPECT_THAT(must(client_->list_pod_sandbox({})), testing::IsEmpty());
  pod_.clear();
  auto gone = loop_.run(client_->container_status(container_, false));
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code(), Code::kNotFound);
}

// containerd 1.6 says of both that there is no such thing.
TEST_F(ClientRealTest, StoppingWhatWasRemovedIsNoError) {
  must(client_->stop_pod_sandbox(pod_));
  must(client_->remove_pod_sandbox(pod_));
  must(client_->stop_container(container_, seconds(10)));
  must(client_->stop_pod_sandbox(std::exchange(pod_, "")));
}

TEST_F(ClientRealTest, KnowsTheImagesItWasGivenAndNoOthers) {
  auto known = must(client_->image_status([] {
    cri::v1::ImageSpec image;
    image.set_image(kCounterImage);
    return image;
  }()));
  ASSERT_TRUE(known.has_value());
  EXPECT_THAT(known->repo_tags(), testing::ElementsAre(kCounterImage));
  cri::v1::ImageSpec unknown;
  unknown.set_image("sandboxlet.test/unknown:1");
  EXPECT_EQ(must(client_->image_status(unknown)), std::nullopt);
}

// A caller that dies within StartContainer leaves the same behind: see cri/stranded_task.h. Here
// the task is of ctr's making.
TEST_F(ClientRealTest, RemovesAContainerWithATaskThatCriDoesNotKnow) {
  const auto id =
      must(client_->create_container(pod_, container_config("second", kCounterImage), pod_config_));
  const auto ctr = [&](std::vector<std::string> command) {
    command.insert(command.begin(), {"ctr", "--address", runtime().socket(), "-n", "k8s.io"});
    const auto done = run_command(command);
    EXPECT_TRUE(done.has_value()) << done.error().message();
    return done.value_or("");
  };
  ctr({"tasks", "start", "--detach", "--null-io", id});
  const auto is_refused = loop_.run(client_->remove_container(id));
  ASSERT_FALSE(is_refused) << "it runs";
  ctr({"tasks", "kill", "--signal", "KILL", id});
  EXPECT_TRUE(eventually([&] {
    return ctr({"tasks", "list"}).find("STOPPED") != std::string::npos;
  }));
  must(client_->remove_container(id));
  EXPECT_THAT(ctr({"tasks", "list", "-q"}), testing::Not(testing::HasSubstr(id)));
}

}  // namespace
}  // namespace sandboxlet::test
