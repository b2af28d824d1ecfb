#include "tests/scenario/agent_test.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "agent/suspend/cgroups.h"
#include "api/conditions.h"
#include "api/json.h"
#include "tests/rig/eventually.h"
#include "tests/rig/pods.h"
#include "tests/scenario/manifest.h"

namespace sandboxlet::test {

void AgentTest::SetUp() {
  RealTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  runtime_client_.emplace(cri::ClientOptions{.socket = runtime().socket()});
  auto started = AgentProcess::start(runtime());
  ASSERT_TRUE(started) << started.error().message();
  agent_ = std::move(*started);
}

void AgentTest::TearDown() {
  if (!agent_) return;
  grpc::ClientContext context;
  pb::ListResponse all;
  EXPECT_TRUE(agent().api().List(&context, pb::ListRequest(), &all).ok());
  for (const auto& object : all.objects()) {
    EXPECT_TRUE(remove(api::read_sandbox(object).sandbox.metadata.name).ok());
  }
  Holdings left;
  EXPECT_TRUE(eventually([&] { return (left = holdings()).empty(); })) << to_string(left);
  const auto stopped = agent_->stop();
  EXPECT_TRUE(stopped && *stopped == 0) << agent_->log();
  if (HasFailure()) std::cerr << agent_->log();
  agent_.reset();
}

std::string AgentTest::manifest(const std::string& name, const std::string& spec) {
  return counter_manifest(name, spec);
}

grpc::Status AgentTest::apply(const std::string& manifest) {
  grpc::ClientContext context;
  pb::ApplyRequest request;
  request.set_object(manifest);
  pb::ApplyResponse response;
  return agent().api().Apply(&context, request, &response);
}

grpc::Status AgentTest::suspend(const std::string& name, const std::string& depth) {
  grpc::ClientContext context;
  pb::SuspendRequest request;
  request.mutable_ref()->set_name(name);
  request.set_depth(depth);
  pb::SuspendResponse response;
  return agent().api().Suspend(&context, request, &response);
}

grpc::Status AgentTest::resume(const std::string& name) {
  grpc::ClientContext context;
  pb::ResumeRequest request;
  request.mutable_ref()->set_name(name);
  pb::ResumeResponse response;
  return agent().api().Resume(&context, request, &response);
}

grpc::Status AgentTest::remove(const std::string& name) {
  grpc::ClientContext context;
  pb::DeleteRequest request;
  request.mutable_ref()->set_name(name);
  request.set_wait(true);
  pb::DeleteResponse response;
  return agent().api().Delete(&context, request, &response);
}

std::optional<api::Sandbox> AgentTest::get(const std::string& name) {
  grpc::ClientContext context;
  pb::GetRequest request;
  request.mutable_ref()->set_name(name);
  pb::GetResponse response;
  if (!agent().api().Get(&context, request, &response).ok()) return std::nullopt;
  return api::read_sandbox(response.object()).sandbox;
}

bool AgentTest::becomes(const std::string& name, const std::string& type,
                        const std::string& status) {
  const bool so = eventually([&] {
    const auto sandbox = get(name);
    if (!sandbox) return false;
    const auto* const condition = api::find_condition(sandbox->status.conditions, type);
    return condition != nullptr && condition->status == status &&
           condition->observedGeneration == sandbox->metadata.generation;
  });
  if (!so) std::cerr << agent().log();
  return so;
}

std::string AgentTest::container_id(const std::string& sandbox, const std::string& container) {
  cri::v1::ContainerFilter filter;
  (*filter.mutable_label_selector())["io.kubernetes.pod.name"] = sandbox;
  (*filter.mutable_label_selector())["io.kubernetes.container.name"] = container;
  filter.mutable_state()->set_state(cri::v1::CONTAINER_RUNNING);
  const auto found = loop_.run(runtime_client_->list_containers(filter));
  return found && found->size() == 1 ? found->front().id() : "";
}

std::string AgentTest::run_in(const std::string& sandbox, std::vector<std::string> command) {
  const auto done = loop_.run(runtime_client_->exec_sync(container_id(sandbox), std::move(command),
                                                         std::chrono::minutes(1)));
  EXPECT_TRUE(done) << (done ? "" : done.error().message());
  return done ? done->stdout() : "";
}

uint64_t AgentTest::count(const std::string& sandbox) {
  const std::string text = run_in(sandbox, {std::begin(kCountOf), std::end(kCountOf)});
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

pid_t AgentTest::pid(const std::string& sandbox) {
  const auto status = loop_.run(runtime_client_->container_status(container_id(sandbox), true));
  if (!status) return 0;
  return nlohmann::json::parse(status->info().at("info"))["pid"];
}

size_t AgentTest::pods() {
  const auto all = loop_.run(runtime_client_->list_pod_sandbox({}));
  return all ? all->size() : SIZE_MAX;
}

bool AgentTest::is_frozen(const std::string& uid) {
  const auto cgroups = sandboxlet::agent::open_cgroups(runtime().cgroup_root(), {});
  if (!cgroups) return false;
  const auto state = (*cgroups)->state(uid);
  return state && *state == sandboxlet::agent::FreezerState::kFrozen;
}

}  // namespace sandboxlet::test
