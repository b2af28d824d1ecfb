#include "agent/container/log_reader.h"
#include "agent/pod/pod_sandbox_config.h"
#include "agent/server/core_call.h"
#include "agent/server/service.h"
#include "agent/server/status_code.h"
#include "agent/server/timestamp.h"

namespace sandboxlet::agent {

namespace {

struct LogPlace {
  std::string container;
  // Below the agent's log root.
  std::string directory;
  uint32_t attempt = 0;
};

Result<std::string> container_name(const api::Sandbox& sandbox, const std::string& wanted) {
  const auto& containers = sandbox.spec.podTemplate.spec.containers;
  if (wanted.empty()) return containers.front().name;
  for (const auto& container : containers) {
    if (container.name == wanted) return wanted;
  }
  return Error(Code::kInvalidArgument,
               "container " + wanted + " is not valid for Sandbox " + sandbox.metadata.name);
}

// Where the log is of the container's newest instance, or of the one before it.
Result<LogPlace> place_of(const Source& source, const pb::LogsRequest& request) {
  TRY(const auto actor, source.actor({request.ref().namespace_(), request.ref().name()}));
  TRY(const std::string name, container_name(actor->sandbox(), request.container()));
  const auto& attempts = actor->observed().next_attempt;
  const auto next = attempts.find(name);
  const uint32_t written = next == attempts.end() ? 0 : next->second;
  const uint32_t back = request.previous() ? 2 : 1;
  if (written < back) {
    return Error(
        Code::kFailedPrecondition,
        std::string(request.previous() ? "previous terminated container \"" : "container \"") +
            name + "\" in Sandbox \"" + actor->sandbox().metadata.name + "\" not found");
  }
  return LogPlace{name, log_directory_name(actor->sandbox()) + "/" + name, written - back};
}

// Who follows a log wants its Sandbox to go on, for as long as they follow. One that cannot be
// resumed has its log all the same.
Task<Result<std::shared_ptr<void>>> hold_awake(Source& source, Ref ref) {
  CO_TRY(const auto actor, source.actor(ref));
  auto held = actor->hold_awake();
  static_cast<void>(co_await source.wake(std::move(ref), "Logs"));
  co_return held;
}

bool still_writes(const Source& source, const pb::LogsRequest& request, const LogPlace& place) {
  const auto actor = source.actor({request.ref().namespace_(), request.ref().name()});
  if (!actor) return false;
  for (const auto& container : (*actor)->observed().containers) {
    const bool is_this = container.name == place.container && container.attempt == place.attempt;
    if (is_this && container.state == ContainerState::kRunning) return true;
  }
  return false;
}

}  // namespace

// Reads files on gRPC's own thread; the core is asked only where they are, and whether more comes.
grpc::Status Service::Logs(grpc::ServerContext* client, const pb::LogsRequest* request,
                           grpc::ServerWriter<pb::LogsResponse>* writer) {
  Result<std::shared_ptr<void>> held;
  if (request->follow()) {
    auto hold = [this, ref = Ref{request->ref().namespace_(), request->ref().name()}] {
      return hold_awake(context_.source, ref);
    };
    held = call_core(context_.io, *client, hold);
    if (!held) return to_grpc(held.error());
  }
  // Given back on the core thread.
  const std::shared_ptr<void> give_back(nullptr, [this, &held](void*) {
    if (held) asio::post(context_.io, [last = std::move(*held)] {});
  });
  auto find = [this, request = *request]() -> Task<Result<LogPlace>> {
    co_return place_of(context_.source, request);
  };
  const auto place = call_core(context_.io, *client, find);
  if (!place) return to_grpc(place.error());
  LogOptions options;
  options.follow = request->follow();
  if (request->has_tail()) options.tail = request->tail();
  if (request->has_since()) options.since = wall_time(request->since());
  auto reader =
      LogReader::open(context_.log_root + "/" + place->directory, place->attempt, options);
  if (!reader) return to_grpc(reader.error());
  auto ended = [&] {
    auto ask = [this, request = *request, place = *place]() -> Task<Result<bool>> {
      co_return !still_writes(context_.source, request, place);
    };
    const auto answer = call_core(context_.io, *client, ask);
    return client->IsCancelled() || !answer || *answer;
  };
  for (;;) {
    auto line = reader->next(ended);
    if (!line) return to_grpc(line.error());
    if (!*line) return grpc::Status::OK;
    pb::LogsResponse response;
    set_timestamp(*response.mutable_time(), (*line)->time);
    response.set_stderr((*line)->is_stderr);
    response.set_partial((*line)->partial);
    response.set_line(std::move((*line)->text));
    if (!writer->Write(response)) return grpc::Status::OK;
  }
}

}  // namespace sandboxlet::agent
