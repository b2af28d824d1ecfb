#include "cri/fake.h"

#include <gtest/gtest.h>

#include "base/manual_loop.h"

namespace sandboxlet::cri {
namespace {

using namespace std::chrono_literals;

constexpr char kCgroup[] = "/pool/one";

v1::PodSandboxConfig pod_config(uint32_t attempt = 0) {
  v1::PodSandboxConfig config;
  config.mutable_metadata()->set_name("one");
  config.mutable_metadata()->set_namespace_("default");
  config.mutable_metadata()->set_uid("uid-1");
  config.mutable_metadata()->set_attempt(attempt);
  config.mutable_linux()->set_cgroup_parent(kCgroup);
  (*config.mutable_labels())["app"] = "one";
  return config;
}

v1::ContainerConfig container_config(uint32_t attempt = 0) {
  v1::ContainerConfig config;
  config.mutable_metadata()->set_name("main");
  config.mutable_metadata()->set_attempt(attempt);
  config.mutable_image()->set_image("busybox");
  return config;
}

class FakeRuntimeTest : public testing::Test {
 protected:
  FakeRuntimeTest() { runtime.state().add_image("busybox"); }

  std::string run_pod(uint32_t attempt = 0) {
    return *loop.run(runtime.run_pod_sandbox(pod_config(attempt), ""));
  }
  std::string start(const std::string& pod, uint32_t attempt = 0) {
    const auto id =
        *loop.run(runtime.create_container(pod, container_config(attempt), pod_config()));
    EXPECT_TRUE(loop.run(runtime.start_container(id)));
    return id;
  }
  v1::ContainerStatus status_of(const std::string& id) {
    return loop.run(runtime.container_status(id, false))->status();
  }
  // Awaits task on the side; what it answers is there when it has answered.
  std::shared_ptr<std::optional<Result<>>> begin(Task<Result<>> task) {
    auto answer = std::make_shared<std::optional<Result<>>>();
    auto take = [answer](std::exception_ptr failure, Result<> result) {
      die_on_exception(failure);
      answer->emplace(std::move(result));
    };
    asio::co_spawn(loop.io(), std::move(task), take);
    loop.run_for(0s);
    return answer;
  }

  ManualLoop loop;
  FakeRuntime runtime{loop.clock()};
};

TEST_F(FakeRuntimeTest, KeepsANameTakenUntilItsPodIsRemoved) {
  const std::string pod = run_pod();
  const auto second = loop.run(runtime.run_pod_sandbox(pod_config(), ""));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kAlreadyExists);
  EXPECT_TRUE(loop.run(runtime.stop_pod_sandbox(pod)));
  EXPECT_FALSE(loop.run(runtime.run_pod_sandbox(pod_config(), "")));
  EXPECT_TRUE(loop.run(runtime.remove_pod_sandbox(pod)));
  EXPECT_TRUE(loop.run(runtime.run_pod_sandbox(pod_config(), "")));
}

TEST_F(FakeRuntimeTest, StoppingAPodEndsItsContainersAndGivesItsAddressBack) {
  const std::string pod = run_pod();
  const std::string container = start(pod);
  EXPECT_TRUE(loop.run(runtime.stop_pod_sandbox(pod)));
  EXPECT_EQ(status_of(container).state(), v1::CONTAINER_EXITED);
  EXPECT_EQ(status_of(container).exit_code(), 137);
  const auto status = loop.run(runtime.pod_sandbox_status(pod, false));
  EXPECT_EQ(status->status().state(), v1::SANDBOX_NOTREADY);
  EXPECT_EQ(status->status().network().ip(), "");
}

TEST_F(FakeRuntimeTest, StartsNothingInAPodThatIsNotReady) {
  const std::string pod = run_pod();
  const auto id = *loop.run(runtime.create_container(pod, container_config(), pod_config()));
  runtime.state().kill(kCgroup);
  EXPECT_FALSE(loop.run(runtime.start_container(id)));
  EXPECT_FALSE(loop.run(runtime.create_container(pod, container_config(1), pod_config())));
}

TEST_F(FakeRuntimeTest, TellsTheProcessOfEachExit) {
  std::vector<pid_t> ended;
  runtime.state().on_exit = [&](pid_t pid) { ended.push_back(pid); };
  const std::string id = start(run_pod());
  const pid_t pid = runtime.state().container(id)->pid;
  runtime.state().exit(id, 3);
  runtime.state().exit(id, 4);
  EXPECT_EQ(ended, std::vector{pid});
  EXPECT_EQ(status_of(id).exit_code(), 3);
}

TEST_F(FakeRuntimeTest, OneThatIgnoresTermDiesAfterItsGrace) {
  runtime.ignore_term("main");
  const std::string id = start(run_pod());
  const auto answer = begin(runtime.stop_container(id, 30s));
  loop.run_for(29s);
  EXPECT_EQ(status_of(id).state(), v1::CONTAINER_RUNNING);
  loop.run_for(1s);
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ(status_of(id).exit_code(), 137);
}

TEST_F(FakeRuntimeTest, CallsUnderAFrozenCgroupHangUntilTheThaw) {
  const std::string pod = run_pod();
  const std::string id = start(pod);
  runtime.freeze(kCgroup);
  const auto answer = begin(runtime.stop_container(id, 1s));
  loop.run_for(60s);
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(status_of(id).state(), v1::CONTAINER_RUNNING);
  runtime.thaw(kCgroup);
  loop.settle();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ(status_of(id).state(), v1::CONTAINER_EXITED);
}

TEST_F(FakeRuntimeTest, CallsUnderAFrozenCgroupEndAtTheirDeadlineUndone) {
  const std::string id = start(run_pod());
  runtime.freeze(kCgroup);
  const auto answer = loop.run(runtime.stop_container(id, 0s));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kDeadlineExceeded);
  runtime.thaw(kCgroup);
  loop.settle();
  EXPECT_EQ(status_of(id).state(), v1::CONTAINER_RUNNING);
  EXPECT_EQ(runtime.under_way(), 0u);
}

TEST_F(FakeRuntimeTest, AFaultMayLoseTheAnswerOfWhatWasDone) {
  FakeFault lost;
  lost.error = Error(Code::kUnavailable, "gone");
  lost.done = true;
  runtime.fail_once("RunPodSandbox", lost);
  const auto answer = loop.run(runtime.run_pod_sandbox(pod_config(), ""));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "RunPodSandbox: gone");
  EXPECT_EQ(runtime.state().pods().size(), 1u);
  lost.done = false;
  runtime.fail_always("RunPodSandbox", lost);
  EXPECT_FALSE(loop.run(runtime.run_pod_sandbox(pod_config(1), "")));
  EXPECT_EQ(runtime.state().pods().size(), 1u);
  runtime.heal();
  EXPECT_TRUE(loop.run(runtime.run_pod_sandbox(pod_config(1), "")));
}

TEST_F(FakeRuntimeTest, AnAbsentRuntimeAnswersUnavailableAndItsPodsLiveOn) {
  const std::string id = start(run_pod());
  FakeFault slow;
  slow.delay = 1h;
  runtime.fail_once("ReopenContainerLog", slow);
  const auto under_way = begin(runtime.reopen_container_log(id));
  runtime.go_away();
  loop.settle();
  ASSERT_TRUE(under_way->has_value());
  EXPECT_EQ((*under_way)->error().code(), Code::kUnavailable);
  EXPECT_EQ(loop.run(runtime.version()).error().code(), Code::kUnavailable);
  runtime.come_back();
  EXPECT_TRUE(loop.run(runtime.version()));
  EXPECT_EQ(status_of(id).state(), v1::CONTAINER_RUNNING);
}

TEST_F(FakeRuntimeTest, ADeadClientsCallsAreDoneOrDropped) {
  for (const bool finish : {true, false}) {
    FakeFault slow;
    slow.delay = 1s;
    runtime.fail_once("RunPodSandbox", slow);
    static_cast<void>(begin([](FakeRuntime& fake, bool attempt) -> Task<Result<>> {
      const auto id = co_await fake.run_pod_sandbox(pod_config(attempt), "");
      ADD_FAILURE() << "answered " << id.has_value();
      co_return Result<>();
    }(runtime, finish)));
    const size_t before = runtime.state().pods().size();
    runtime.client_died(finish);
    loop.run_for(2s);
    EXPECT_EQ(runtime.state().pods().size(), before + (finish ? 1 : 0));
  }
}

TEST_F(FakeRuntimeTest, ListsByLabelAndState) {
  const std::string pod = run_pod();
  v1::PodSandboxFilter filter;
  (*filter.mutable_label_selector())["app"] = "one";
  EXPECT_EQ(loop.run(runtime.list_pod_sandbox(filter))->size(), 1u);
  filter.mutable_state()->set_state(v1::SANDBOX_NOTREADY);
  EXPECT_EQ(loop.run(runtime.list_pod_sandbox(filter))->size(), 0u);
  EXPECT_TRUE(loop.run(runtime.stop_pod_sandbox(pod)));
  EXPECT_EQ(loop.run(runtime.list_pod_sandbox(filter))->size(), 1u);
  (*filter.mutable_label_selector())["app"] = "two";
  EXPECT_EQ(loop.run(runtime.list_pod_sandbox(filter))->size(), 0u);
}

TEST_F(FakeRuntimeTest, PullsAnImageThatWasAbsent) {
  v1::ImageSpec image;
  image.set_image("nginx");
  EXPECT_FALSE(loop.run(runtime.image_status(image))->has_value());
  const auto reference =
      loop.run(runtime.pull_image(image, v1::AuthConfig(), v1::PodSandboxConfig()));
  image.set_image(*reference);
  EXPECT_TRUE(loop.run(runtime.image_status(image))->has_value());
  EXPECT_TRUE(loop.run(runtime.remove_image(image)));
  EXPECT_FALSE(loop.run(runtime.image_status(image))->has_value());
}

TEST_F(FakeRuntimeTest, AProtectedImageIsForWhoSaysSo) {
  runtime.protect_image("private", "me", "p");
  v1::ImageSpec image;
  image.set_image("private");
  v1::AuthConfig auth;
  const auto pull = [&] {
    return loop.run(runtime.pull_image(image, auth, v1::PodSandboxConfig())).has_value();
  };
  EXPECT_FALSE(pull());
  auth.set_username("me");
  EXPECT_FALSE(pull());
  auth.set_password("p");
  EXPECT_TRUE(pull());
}

TEST_F(FakeRuntimeTest, RunsCommandsOnlyWhereAContainerRuns) {
  const std::string id = start(run_pod());
  runtime.set_commands([](const FakeCommand& run) {
    v1::ExecSyncResponse response;
    response.set_exit_code(run.command.front() == "false");
    return response;
  });
  EXPECT_EQ(loop.run(runtime.exec_sync(id, {"false"}, 1s))->exit_code(), 1);
  runtime.state().exit(id, 0);
  EXPECT_FALSE(loop.run(runtime.exec_sync(id, {"true"}, 1s)));
}

}  // namespace
}  // namespace sandboxlet::cri
