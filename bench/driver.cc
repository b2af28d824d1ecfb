#include "bench/driver.h"

#include <signal.h>

#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "api/conditions.h"
#include "api/json.h"
#include "api/time.h"
#include "bench/manifest.h"

namespace sandboxlet::bench {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

Result<> check(const grpc::Status& status) {
  if (status.ok()) return {};
  return Error(Code::kInternal, status.error_message());
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
  grpc::ClientContext watching;
  TRY(const auto stream, watch(watching));
  pb::WatchEvent event;
  std::set<std::string> waiting(names.begin(), names.end());
  const auto begun = Clock::now();
  std::vector<std::thread> callers;
  std::vector<Result<>> applied(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    callers.emplace_back([&, i] { applied[i] = apply(manifest(names[i])); });
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
