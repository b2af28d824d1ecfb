#include "agent/server/core_call.h"
#include "agent/server/service.h"
#include "agent/server/status_code.h"

namespace sandboxlet::agent {

namespace {

namespace v1 = ::runtime::v1;

// What the runtime says of itself.
struct RuntimeFacts {
  Result<v1::VersionResponse> version;
  Result<v1::StatusResponse> status;
};

void add_condition(pb::NodeResponse& node, const std::string& type, bool status,
                   const std::string& reason, const std::string& message) {
  pb::NodeCondition& made = *node.add_conditions();
  made.set_type(type);
  made.set_status(status);
  made.set_reason(reason);
  made.set_message(message);
}

void set_runtime(pb::NodeResponse& node, const RuntimeFacts& facts) {
  // As Kubernetes writes a node's containerRuntimeVersion.
  if (facts.version) {
    node.set_runtime(facts.version->runtime_name() + "://" + facts.version->runtime_version());
  }
  if (!facts.status) {
    add_condition(node, "RuntimeReady", false, "RuntimeUnavailable",
                  facts.status.error().message());
    return;
  }
  for (const auto& condition : facts.status->status().conditions()) {
    add_condition(node, condition.type(), condition.status(), condition.reason(),
                  condition.message());
  }
}

void count(pb::NodeResponse& node, const std::vector<api::Sandbox>& sandboxes) {
  node.set_sandboxes(static_cast<int32_t>(sandboxes.size()));
  for (const auto& sandbox : sandboxes) {
    const bool suspended = sandbox.status.suspend && !sandbox.status.suspend->depth.empty();
    if (suspended) {
      node.set_suspended(node.suspended() + 1);
    } else {
      node.set_running(node.running() + 1);
    }
  }
}

}  // namespace

grpc::Status Service::Node(grpc::ServerContext* client, const pb::NodeRequest*,
                           pb::NodeResponse* response) {
  auto ask = [this]() -> Task<Result<pb::NodeResponse>> {
    pb::NodeResponse node = context_.node();
    auto version = co_await context_.runtime.version();
    auto status = co_await context_.runtime.status(/*verbose=*/false);
    const RuntimeFacts facts{std::move(version), std::move(status)};
    set_runtime(node, facts);
    count(node, context_.source.list(""));
    co_return node;
  };
  auto node = call_core(context_.io, *client, ask);
  if (!node) return to_grpc(node.error());
  *response = std::move(*node);
  return grpc::Status::OK;
}

}  // namespace sandboxlet::agent
