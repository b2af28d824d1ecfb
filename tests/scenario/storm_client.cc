#include "tests/scenario/storm_client.h"

#include <array>
#include <nlohmann/json.hpp>

#include "api/conditions.h"
#include "api/json.h"
#include "api/time.h"
#include "tests/rig/eventually.h"
#include "tests/scenario/manifest.h"

namespace sandboxlet::test {

namespace {

// Any call ends within this, or the agent lost it.
constexpr auto kPatience = std::chrono::seconds(60);

// An agent that is away is waited for, so that a failed call was under way when it died.
void prepare(grpc::ClientContext& context) {
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

bool was_cut_off(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE;
}

Wanted wanted_of(const api::Sandbox& sandbox) {
  if (!sandbox.metadata.deletionTimestamp.empty()) return Wanted::kAbsent;
  switch (api::wanted_depth(sandbox.spec)) {
    case api::Depth::kRunning:
      return Wanted::kRunning;
    case api::Depth::kStop:
      return Wanted::kStopped;
    case api::Depth::kTerminate:
      return Wanted::kTerminated;
    default:
      return Wanted::kFrozen;
  }
}

std::vector<Wanted> next_after(const StormBox& box) {
  switch (*box.may_be.begin()) {
    case Wanted::kAbsent:
      return {Wanted::kRunning};
    case Wanted::kRunning:
      if (box.steady) return {Wanted::kFrozen};
      return {Wanted::kFrozen,  Wanted::kFrozen,     Wanted::kFrozen,
              Wanted::kStopped, Wanted::kTerminated, Wanted::kAbsent};
    case Wanted::kFrozen:
      if (box.steady) return {Wanted::kRunning};
      return {Wanted::kRunning, Wanted::kRunning,    Wanted::kRunning,
              Wanted::kStopped, Wanted::kTerminated, Wanted::kAbsent};
    default:
      return {Wanted::kRunning, Wanted::kRunning, Wanted::kAbsent};
  }
}

bool keeps_processes(Wanted wanted) {
  return wanted == Wanted::kRunning || wanted == Wanted::kFrozen;
}

bool holds(const api::Sandbox& sandbox, const char* type, std::string_view reason = "") {
  const auto* const condition = api::find_condition(sandbox.status.conditions, type);
  return condition != nullptr && condition->status == "True" &&
         condition->observedGeneration == sandbox.metadata.generation &&
         (reason.empty() || condition->reason == reason);
}

bool is_so(const std::optional<api::Sandbox>& sandbox, Wanted wanted) {
  if (!sandbox) return wanted == Wanted::kAbsent;
  switch (wanted) {
    case Wanted::kAbsent:
      return false;
    case Wanted::kRunning:
      return holds(*sandbox, "Ready");
    case Wanted::kFrozen:
    case Wanted::kStopped:
      // One that never ran has nothing to freeze, or to stop.
      return holds(*sandbox, "Suspended");
    case Wanted::kTerminated:
      return holds(*sandbox, "Suspended", "PodTerminated");
  }
  return false;
}

std::string to_string(const std::set<Wanted>& several) {
  std::string text;
  for (const Wanted one : several)
    text += (text.empty() ? "" : " or ") + std::string(to_string(one));
  return text;
}

}  // namespace

std::string_view to_string(Wanted wanted) {
  constexpr std::array<std::string_view, 5> kNames{"absent", "running", "frozen", "stopped",
                                                   "terminated"};
  return kNames.at(static_cast<size_t>(wanted));
}

StormClient::StormClient(const AgentProcess& agent, const PrivateRuntime& runtime, uint64_t seed,
                         const std::string& name)
    : agent_(agent.connect()), runtime_({.socket = runtime.socket()}), random_(seed) {
  boxes_.push_back({.name = name + "-steady", .steady = true});
  boxes_.push_back({.name = name + "-1"});
  boxes_.push_back({.name = name + "-2"});
}

void StormClient::run(const std::atomic<bool>& end) {
  while (!end) say_something(boxes_[random_() % boxes_.size()]);
}

void StormClient::say_something(StormBox& box) {
  if (box.may_be.size() > 1) return look(box);
  check_process(box);
  const auto choices = next_after(box);
  say(box, choices[random_() % choices.size()]);
}

void StormClient::say(StormBox& box, Wanted next) {
  const Wanted now = *box.may_be.begin();
  if (!keeps_processes(next)) condemn(box);
  const grpc::Status status = call(box, now, next);
  if (status.ok()) {
    ++accepted_;
    box.may_be = {next};
  } else if (was_cut_off(status)) {
    ++unanswered_;
    box.may_be.insert(next);
  } else {
    fault(box, std::string(to_string(now)) + ", asked to be " + std::string(to_string(next)) +
                   ", was refused: " + status.error_message());
    box.may_be.insert(next);
  }
}

grpc::Status StormClient::call(const StormBox& box, Wanted now, Wanted next) {
  grpc::ClientContext context;
  prepare(context);
  if (now == Wanted::kAbsent) {
    pb::ApplyRequest request;
    pb::ApplyResponse response;
    request.set_object(counter_manifest(box.name));
    return agent_->Apply(&context, request, &response);
  }
  if (next == Wanted::kAbsent) {
    pb::DeleteRequest request;
    pb::DeleteResponse response;
    request.mutable_ref()->set_name(box.name);
    request.set_grace_period_seconds(0);
    request.set_wait(true);
    return agent_->Delete(&context, request, &response);
  }
  if (next == Wanted::kRunning) {
    pb::ResumeRequest request;
    pb::ResumeResponse response;
    request.mutable_ref()->set_name(box.name);
    return agent_->Resume(&context, request, &response);
  }
  pb::SuspendRequest request;
  pb::SuspendResponse response;
  request.mutable_ref()->set_name(box.name);
  request.set_depth(next == Wanted::kFrozen    ? "Freeze"
                    : next == Wanted::kStopped ? "Stop"
                                               : "Terminate");
  return agent_->Suspend(&context, request, &response);
}

std::optional<api::Sandbox> StormClient::get(const std::string& name) {
  pb::GetRequest request;
  request.mutable_ref()->set_name(name);
  pb::GetResponse response;
  grpc::Status status;
  do {
    grpc::ClientContext context;
    prepare(context);
    status = agent_->Get(&context, request, &response);
  } while (was_cut_off(status));
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return std::nullopt;
  if (!status.ok()) faults_.push_back("get " + name + ": " + status.error_message());
  return api::read_sandbox(response.object()).sandbox;
}

void StormClient::look(StormBox& box) {
  auto sandbox = get(box.name);
  if (sandbox && !sandbox->metadata.deletionTimestamp.empty()) {
    const bool gone = eventually([&] { return !(sandbox = get(box.name)); }, kPatience);
    if (!gone) return fault(box, "does not go");
  }
  const Wanted now = sandbox ? wanted_of(*sandbox) : Wanted::kAbsent;
  if (!box.may_be.contains(now)) {
    fault(box,
          "is wanted " + std::string(to_string(now)) + ", and was to be " + to_string(box.may_be));
  }
  box.may_be = {now};
}

void StormClient::condemn(StormBox& box) {
  if (const pid_t now = process_of(box); now != 0) box.condemned = now;
  box.pid = 0;
}

// Remembers the process of one that runs, and finds the same one ever after.
void StormClient::check_process(StormBox& box) {
  if (!keeps_processes(*box.may_be.begin())) return;
  const bool was_ready = box.pid != 0 || is_so(get(box.name), *box.may_be.begin());
  const pid_t now = process_of(box);
  if (!was_ready || now == box.condemned) return;
  if (box.pid != 0 && now != box.pid) {
    fault(box, "had the process " + std::to_string(box.pid) + ", has " + std::to_string(now));
  }
  box.pid = now;
}

void StormClient::resume() {
  for (auto& box : boxes_) {
    const Wanted now = *box.may_be.begin();
    if (now != Wanted::kAbsent && now != Wanted::kRunning) say(box, Wanted::kRunning);
  }
  settle();
}

std::string StormClient::in_the_runtime(const StormBox& box) {
  cri::v1::ContainerFilter filter;
  (*filter.mutable_label_selector())["io.kubernetes.pod.name"] = box.name;
  std::string text;
  const auto found = loop_.run(runtime_.list_containers(filter));
  if (!found) return found.error().message();
  for (const auto& listed : *found) {
    const auto status = loop_.run(runtime_.container_status(listed.id(), true));
    text += status ? status->status().ShortDebugString() : status.error().message();
    text += "\n";
  }
  return text;
}

// 0 where there is none, or more than one.
pid_t StormClient::process_of(const StormBox& box) {
  cri::v1::ContainerFilter filter;
  (*filter.mutable_label_selector())["io.kubernetes.pod.name"] = box.name;
  filter.mutable_state()->set_state(cri::v1::CONTAINER_RUNNING);
  const auto found = loop_.run(runtime_.list_containers(filter));
  if (!found || found->size() != 1) return 0;
  const auto status = loop_.run(runtime_.container_status(found->front().id(), true));
  if (!status) return 0;
  return nlohmann::json::parse(status->info().at("info"))["pid"];
}

void StormClient::settle() {
  for (auto& box : boxes_) {
    look(box);
    const Wanted wanted = *box.may_be.begin();
    std::optional<api::Sandbox> last;
    const bool so = eventually([&] { return is_so(last = get(box.name), wanted); }, kPatience);
    if (!so) {
      fault(box, "does not become " + std::string(to_string(wanted)) + ": " +
                     (last ? api::write_sandbox(*last) : "absent"));
    }
    box.uid = last ? last->metadata.uid : "";
    if (so) check_process(box);
  }
}

void StormClient::fault(const StormBox& box, const std::string& what) {
  const auto now = api::format_time(std::chrono::system_clock::now());
  faults_.push_back(now + " " + box.name + " " + what + "\n" + in_the_runtime(box));
}

}  // namespace sandboxlet::test
