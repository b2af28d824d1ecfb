#include "bench/driver.h"

#include <signal.h>

#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "api/conditions.h"
#include "api/json.h"
#include "api/time.h"
#include "bench/manifest.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::bench {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

Result<> check(const grpc::Status& status) {
  if (status.ok()) return {};
  const bool is_refused = status.error_code() == grpc::StatusCode::FAILED_PRECONDITION;
  return Error(is_refused ? Code::kFailedPrecondition : Code::kInternal, status.error_message());
}

bool is_ready(const std::string& object) {
  const auto sandbox = api::read_sandbox(object).sandbox;
  return api::is_true(sandbox.status.conditions, "Ready");
}

bool has_stopped(const api::Sandbox& sandbox) {
  const auto* const stopping = api::find_condition(sandbox.status.conditions, "Stopping");
  return stopping != nullptr && stopping->status == "False";
}

}  // namespace

Result<double> Driver::timed(const std::function<grpc::Status(grpc::ClientContext&)>& call) {
  grpc::ClientContext context;
  const auto begun = Clock::now();
  CHECK_OK(check(call(context)));
  return since(begun);
}

Result<> Driver::apply(const std::string& object) {
  pb::ApplyRequest request;
  request.set_object(object);
  pb::ApplyResponse response;
  grpc::ClientContext context;
  return check(agent_.Apply(&context, request, &response));
}

Result<double> Driver::create(const std::string& name) { return create_all({name}); }

Result<Driver::Watch> Driver::watch(grpc::ClientContext& context) {
  auto stream = agent_.Watch(&context, pb::WatchRequest());
  pb::WatchEvent event;
  while (event.type() != pb::WatchEvent::SYNCED) {
    if (!stream->Read(&event)) return Error(Code::kInternal, "the watch ended");
  }
  return stream;
}

Result<double> Driver::create_all(const std::vector<std::string>& names) {
  std::vector<std::string> objects;
  for (const auto& name : names) objects.push_back(manifest(name));
  return create_all_of(objects);
}

Result<double> Driver::create_all_of(const std::vector<std::string>& objects) {
  grpc::ClientContext watching;
  TRY(const auto stream, watch(watching));
  pb::WatchEvent event;
  std::set<std::string> waiting;
  for (const auto& object : objects) {
    waiting.insert(api::read_sandbox(object).sandbox.metadata.name);
  }
  const auto begun = Clock::now();
  std::vector<std::thread> callers;
  std::vector<Result<>> applied(objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    callers.emplace_back([&, i] { applied[i] = apply(objects[i]); });
  }
  while (!waiting.empty() && stream->Read(&event)) {
    if (!is_ready(event.object())) continue;
    waiting.erase(api::read_sandbox(event.object()).sandbox.metadata.name);
  }
  const double took = since(begun);
  for (auto& caller : callers) caller.join();
  watching.TryCancel();
  for (const auto& result : applied) CHECK_OK(result);
  return took;
}

Result<api::Sandbox> Driver::get(const std::string& name) {
  pb::GetRequest request;
  request.mutable_ref()->set_name(name);
  pb::GetResponse response;
  grpc::ClientContext context;
  CHECK_OK(check(agent_.Get(&context, request, &response)));
  return api::read_sandbox(response.object()).sandbox;
}

Result<std::string> Driver::address(const std::string& name) {
  TRY(const auto sandbox, get(name));
  if (sandbox.status.podIPs.empty()) return Error(Code::kInternal, name + " has no address");
  return sandbox.status.podIPs.front();
}

Result<> Driver::until_possible(const std::string& depth) {
  const auto can = [&] {
    pb::NodeResponse node;
    grpc::ClientContext context;
    if (!agent_.Node(&context, pb::NodeRequest(), &node).ok()) return false;
    return std::find(node.depths().begin(), node.depths().end(), depth) != node.depths().end();
  };
  if (test::eventually(can)) return {};
  return Error(Code::kUnimplemented, "this node cannot " + depth);
}

Result<> Driver::until_suspended(const std::vector<std::string>& names) {
  grpc::ClientContext watching;
  auto stream = agent_.Watch(&watching, pb::WatchRequest());
  std::set<std::string> waiting(names.begin(), names.end());
  pb::WatchEvent event;
  while (!waiting.empty() && stream->Read(&event)) {
    if (event.type() == pb::WatchEvent::SYNCED) continue;
    const auto sandbox = api::read_sandbox(event.object()).sandbox;
    const std::string& name = sandbox.metadata.name;
    if (api::is_true(sandbox.status.conditions, "Suspended")) {
      waiting.erase(name);
    } else if (std::find(names.begin(), names.end(), name) != names.end()) {
      waiting.insert(name);
    }
  }
  watching.TryCancel();
  if (!waiting.empty()) return Error(Code::kInternal, "the watch ended");
  return {};
}

Result<> Driver::until_suspended_as(const std::string& name, const std::string& reason) {
  grpc::ClientContext watching;
  auto stream = agent_.Watch(&watching, pb::WatchRequest());
  pb::WatchEvent event;
  bool is_so = false;
  while (!is_so && stream->Read(&event)) {
    if (event.type() == pb::WatchEvent::SYNCED) continue;
    const auto sandbox = api::read_sandbox(event.object()).sandbox;
    const auto* const suspended = api::find_condition(sandbox.status.conditions, "Suspended");
    is_so = sandbox.metadata.name == name && suspended != nullptr && suspended->status == "True" &&
            suspended->reason == reason;
  }
  watching.TryCancel();
  if (!is_so) return Error(Code::kInternal, "the watch ended");
  return {};
}

Result<double> Driver::suspend(const std::string& name, const std::string& depth) {
  pb::SuspendRequest request;
  request.mutable_ref()->set_name(name);
  request.set_depth(depth);
  pb::SuspendResponse response;
  return timed([&](auto& context) { return agent_.Suspend(&context, request, &response); });
}

Result<double> Driver::resume(const std::string& name) {
  pb::ResumeRequest request;
  request.mutable_ref()->set_name(name);
  pb::ResumeResponse response;
  return timed([&](auto& context) { return agent_.Resume(&context, request, &response); });
}

Result<double> Driver::exec_true(const std::string& name) {
  pb::ExecRequest request;
  request.mutable_start()->mutable_ref()->set_name(name);
  request.mutable_start()->add_command("true");
  grpc::ClientContext context;
  const auto begun = Clock::now();
  const auto stream = agent_.Exec(&context);
  stream->Write(request);
  pb::ExecResponse response;
  while (stream->Read(&response) && response.response_case() != pb::ExecResponse::kExitCode) {
  }
  const double took = since(begun);
  stream->WritesDone();
  CHECK_OK(check(stream->Finish()));
  return took;
}

Result<double> Driver::see_exit(const std::string& name, pid_t pid) {
  grpc::ClientContext watching;
  TRY(const auto stream, watch(watching));
  const auto begun = Clock::now();
  kill(pid, SIGKILL);
  pb::WatchEvent event;
  while (stream->Read(&event)) {
    const auto sandbox = api::read_sandbox(event.object()).sandbox;
    if (sandbox.metadata.name == name && !is_ready(event.object())) break;
  }
  const double took = since(begun);
  watching.TryCancel();
  return took;
}

Result<double> Driver::shut_down(const std::string& name) {
  using std::chrono::seconds;
  using std::chrono::system_clock;
  grpc::ClientContext watching;
  TRY(const auto stream, watch(watching));
  // A time has whole seconds, and the call takes its own.
  const auto end = std::chrono::ceil<seconds>(system_clock::now()) + seconds(1);
  auto object = nlohmann::json::parse(manifest(name));
  object["spec"]["shutdownTime"] = api::format_time(end);
  CHECK_OK(apply(object.dump()));
  pb::WatchEvent event;
  while (stream->Read(&event)) {
    const auto sandbox = api::read_sandbox(event.object()).sandbox;
    if (sandbox.metadata.name == name && has_stopped(sandbox)) break;
  }
  const std::chrono::duration<double, std::milli> took = system_clock::now() - end;
  watching.TryCancel();
  return took.count();
}

Result<double> Driver::remove(const std::string& name) {
  pb::DeleteRequest request;
  request.mutable_ref()->set_name(name);
  request.set_wait(true);
  pb::DeleteResponse response;
  return timed([&](auto& context) { return agent_.Delete(&context, request, &response); });
}

}  // namespace sandboxlet::bench
