#include "agent/server/service.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "agent/server/core_call.h"
#include "agent/server/status_code.h"
#include "api/admit.h"
#include "api/json.h"
#include "api/label_selector.h"
#include "api/validation.h"

namespace sandboxlet::agent {

namespace {

// Seconds, as a pod's own.
constexpr int64_t kMaxGrace = std::numeric_limits<int32_t>::max();

Ref ref_of(const pb::Ref& ref) { return {ref.namespace_(), ref.name()}; }

grpc::Status answer(const Result<>& result) {
  return result ? grpc::Status::OK : to_grpc(result.error());
}

// One finding a line, each with its path, as sandboxlet.proto promises.
Error refusal(const std::vector<api::Finding>& findings) {
  std::string text;
  for (const auto& finding : findings) {
    if (!text.empty()) text += '\n';
    text += finding.path.empty() ? finding.message : finding.path + ": " + finding.message;
  }
  return Error(Code::kInvalidArgument, text);
}

// kubectl's apply leaves alone what the manifest does not speak of; so a Sandbox that was suspended
// by word stays so when its manifest is applied again.
bool speaks_of_suspension(const std::string& object) {
  const auto json = nlohmann::json::parse(object, nullptr, false);
  const auto spec = json.is_object() ? json.find("spec") : json.end();
  return spec != json.end() && spec->is_object() &&
         (spec->contains("operatingMode") || spec->contains("pause"));
}

pb::ApplyResponse::Outcome outcome_of(ApplyOutcome outcome) {
  switch (outcome) {
    case ApplyOutcome::kCreated:
      return pb::ApplyResponse::CREATED;
    case ApplyOutcome::kConfigured:
      return pb::ApplyResponse::CONFIGURED;
    case ApplyOutcome::kUnchanged:
      return pb::ApplyResponse::UNCHANGED;
  }
  return pb::ApplyResponse::OUTCOME_UNSPECIFIED;
}

Result<> check_depth(const std::string& depth) {
  for (const char* known : {"", "Freeze", "Hibernate", "Stop", "Terminate"}) {
    if (depth == known) return {};
  }
  return Error(Code::kInvalidArgument, "depth: Unsupported value: \"" + depth +
                                           "\": supported values: \"Freeze\", "
                                           "\"Hibernate\", \"Stop\", \"Terminate\"");
}

}  // namespace

Result<> Service::may_change() const {
  if (!context_.read_only) return {};
  return Error(Code::kPermissionDenied, "this socket is for observers: it changes nothing");
}

grpc::Status Service::Apply(grpc::ServerContext* client, const pb::ApplyRequest* request,
                            pb::ApplyResponse* response) {
  if (const auto may = may_change(); !may) return to_grpc(may.error());
  auto admitted = api::admit(request->object());
  auto findings = std::move(admitted.findings);
  if (findings.empty()) findings = api::refuse_standalone(admitted.sandbox);
  if (!findings.empty()) return to_grpc(refusal(findings));
  const bool keep = !speaks_of_suspension(request->object());
  const auto applied =
      call_core(context_.io, *client,
                [this, sandbox = std::move(admitted.sandbox), dry_run = request->dry_run(), keep] {
                  return context_.source.apply(sandbox, dry_run, keep);
                });
  if (!applied) return to_grpc(applied.error());
  response->set_outcome(outcome_of(applied->outcome));
  response->set_object(api::write_sandbox(applied->sandbox));
  return grpc::Status::OK;
}

grpc::Status Service::Get(grpc::ServerContext* client, const pb::GetRequest* request,
                          pb::GetResponse* response) {
  const auto sandbox = call_core(
      context_.io, *client, [this, ref = ref_of(request->ref())]() -> Task<Result<api::Sandbox>> {
        co_return context_.source.get(ref);
      });
  if (!sandbox) return to_grpc(sandbox.error());
  response->set_object(api::write_sandbox(*sandbox));
  return grpc::Status::OK;
}

grpc::Status Service::List(grpc::ServerContext* client, const pb::ListRequest* request,
                           pb::ListResponse* response) {
  const auto selector = api::parse_label_selector(request->label_selector());
  if (!selector) return to_grpc(selector.error());
  const auto sandboxes =
      call_core(context_.io, *client,
                [this, space = request->namespace_()]() -> Task<Result<std::vector<api::Sandbox>>> {
                  co_return context_.source.list(space);
                });
  if (!sandboxes) return to_grpc(sandboxes.error());
  for (const auto& sandbox : *sandboxes) {
    if (api::matches(*selector, sandbox.metadata.labels)) {
      response->add_objects(api::write_sandbox(sandbox));
    }
  }
  return grpc::Status::OK;
}

grpc::Status Service::Delete(grpc::ServerContext* client, const pb::DeleteRequest* request,
                             pb::DeleteResponse*) {
  if (const auto may = may_change(); !may) return to_grpc(may.error());
  std::optional<int64_t> grace;
  if (request->has_grace_period_seconds()) grace = request->grace_period_seconds();
  if (grace && (*grace < 0 || *grace > kMaxGrace)) {
    return to_grpc(Error(Code::kInvalidArgument,
                         "gracePeriodSeconds: Invalid value: " + std::to_string(*grace) +
                             ": must be between 0 and " + std::to_string(kMaxGrace) +
                             ", inclusive"));
  }
  return answer(call_core(context_.io, *client,
                          [this, ref = ref_of(request->ref()), grace, wait = request->wait()] {
                            return context_.source.remove(ref, grace, wait);
                          }));
}

grpc::Status Service::Suspend(grpc::ServerContext* client, const pb::SuspendRequest* request,
                              pb::SuspendResponse* response) {
  if (const auto may = may_change(); !may) return to_grpc(may.error());
  if (const auto known = check_depth(request->depth()); !known) return to_grpc(known.error());
  const auto sandbox = call_core(context_.io, *client,
                                 [this, ref = ref_of(request->ref()), depth = request->depth()] {
                                   return context_.source.suspend(ref, depth);
                                 });
  if (!sandbox) return to_grpc(sandbox.error());
  response->set_object(api::write_sandbox(*sandbox));
  return grpc::Status::OK;
}

grpc::Status Service::Resume(grpc::ServerContext* client, const pb::ResumeRequest* request,
                             pb::ResumeResponse* response) {
  if (const auto may = may_change(); !may) return to_grpc(may.error());
  const auto sandbox = call_core(context_.io, *client, [this, ref = ref_of(request->ref())] {
    return context_.source.resume(ref, "User");
  });
  if (!sandbox) return to_grpc(sandbox.error());
  response->set_object(api::write_sandbox(*sandbox));
  return grpc::Status::OK;
}

}  // namespace sandboxlet::agent
