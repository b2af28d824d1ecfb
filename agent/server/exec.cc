#include <atomic>
#include <mutex>
#include <thread>

#include "agent/server/core_call.h"
#include "agent/server/service.h"
#include "agent/server/status_code.h"

namespace sandboxlet::agent {

namespace {

// How long a command may take to start before a suspend no longer waits for it.
constexpr auto kStartLimit = std::chrono::seconds(2);

// A command that runs, with what holds suspension off until it has started. The stream belongs to
// the core thread; so does the last reference to this.
struct Command {
  std::unique_ptr<cri::ExecStream> stream;
  StartGate::Ticket starting;
  // It is work.
  std::shared_ptr<void> awake;
  std::unique_ptr<Timer> start_limit;
};
using CommandPtr = std::shared_ptr<Command>;
using Stream = grpc::ServerReaderWriter<pb::ExecResponse, pb::ExecRequest>;

Result<std::string> running_container(const Actor& actor, const std::string& wanted) {
  const auto& containers = actor.sandbox().spec.podTemplate.spec.containers;
  const std::string name = wanted.empty() ? containers.front().name : wanted;
  const ObservedContainer* const found = actor.observed().container(name);
  if (found == nullptr || found->state != ContainerState::kRunning) {
    return Error(Code::kFailedPrecondition, "container \"" + name + "\" of Sandbox \"" +
                                                actor.sandbox().metadata.name +
                                                "\" is not running");
  }
  return found->id;
}

Result<> check(const pb::ExecRequest& first) {
  if (!first.has_start()) {
    return Error(Code::kInvalidArgument, "the first message of an exec is its start");
  }
  if (first.start().command().empty()) {
    return Error(Code::kInvalidArgument, "you must specify at least one command for the container");
  }
  return {};
}

// Resumes the Sandbox where it is suspended, and starts the command unless the client has gone
// meanwhile.
Task<Result<CommandPtr>> start(const ServiceContext& context, pb::ExecStart request,
                               std::shared_ptr<const std::atomic<bool>> gone) {
  const Ref ref{request.ref().namespace_(), request.ref().name()};
  CO_TRY(const auto actor, context.source.actor(ref));
  auto held = actor->hold_awake();
  const auto awake = co_await context.source.wake(ref, "Exec");
  auto container = running_container(*actor, request.container());
  // What keeps another container from running is no reason.
  if (!awake && !container) co_return awake.error();
  if (*gone) co_return Error(Code::kCancelled, "the client has gone");
  const auto command = std::make_shared<Command>();
  command->awake = std::move(held);
  CO_TRY(command->starting, actor->gate().enter());
  ::runtime::v1::ExecRequest exec;
  CO_TRY(*exec.mutable_container_id(), std::move(container));
  *exec.mutable_cmd() = request.command();
  exec.set_tty(request.tty());
  // containerd 1.6 loses a terminal's output where nothing could be typed on it.
  exec.set_stdin(request.stdin() || request.tty());
  exec.set_stdout(true);
  // On a terminal both are one.
  exec.set_stderr(!request.tty());
  CO_TRY(command->stream, co_await context.execs.open(exec));
  command->start_limit =
      context.clock.call_after(kStartLimit, [at = command.get()] { at->starting.release(); });
  if (request.tty() && request.has_size()) {
    const auto columns = static_cast<uint16_t>(request.size().columns());
    const auto rows = static_cast<uint16_t>(request.size().rows());
    CO_CHECK_OK(co_await command->stream->resize(columns, rows));
  }
  co_return command;
}

Task<Result<cri::ExecEvent>> next_event(CommandPtr command) {
  auto event = co_await command->stream->read();
  command->starting.release();
  co_return event;
}

Task<Result<>> pass_on(CommandPtr command, pb::ExecRequest request) {
  switch (request.request_case()) {
    case pb::ExecRequest::kStdin:
      co_return co_await command->stream->write_stdin(request.stdin());
    case pb::ExecRequest::kStdinEof:
      co_return co_await command->stream->close_stdin();
    case pb::ExecRequest::kResize: {
      const auto columns = static_cast<uint16_t>(request.resize().columns());
      const auto rows = static_cast<uint16_t>(request.resize().rows());
      co_return co_await command->stream->resize(columns, rows);
    }
    default:
      co_return Error(Code::kInvalidArgument, "not a message of a running exec");
  }
}

pb::ExecResponse response_of(cri::ExecEvent event) {
  pb::ExecResponse response;
  if (const auto* exit = std::get_if<cri::ExecExit>(&event)) {
    response.set_exit_code(exit->code);
    return response;
  }
  auto& output = std::get<cri::ExecOutput>(event);
  if (output.stream == cri::ExecOutput::Stream::kStdout) {
    response.set_stdout(std::move(output.data));
  } else {
    response.set_stderr(std::move(output.data));
  }
  return response;
}

pb::ExecResponse failure_of(const std::string& why) {
  pb::ExecResponse response;
  response.set_failure(why);
  return response;
}

}  // namespace

// Two threads: gRPC's own passes output on until the command's exit, one beside it passes input.
grpc::Status Service::Exec(grpc::ServerContext* client, Stream* stream) {
  if (const auto may = may_change(); !may) return to_grpc(may.error());
  pb::ExecRequest first;
  if (!stream->Read(&first)) return grpc::Status::CANCELLED;
  if (const auto valid = check(first); !valid) return to_grpc(valid.error());
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  auto started = call_core(context_.io, *client, [this, request = first.start(), gone] {
    return start(context_, request, gone);
  });
  if (!started) {
    *gone = true;
    return to_grpc(started.error());
  }
  CommandPtr command = std::move(*started);

  std::mutex input_mutex;
  Result<> input_failed;
  std::thread input([&] {
    pb::ExecRequest request;
    while (input_failed && stream->Read(&request)) {
      auto passed =
          call_core(context_.io, *client, [command, request] { return pass_on(command, request); });
      const std::lock_guard guard(input_mutex);
      input_failed = std::move(passed);
    }
    // Input that cannot be passed on would leave the command waiting for it.
    if (!input_failed) asio::post(context_.io, [command] { command->stream->close(); });
  });
  Result<> failed;
  for (bool running = true; running;) {
    auto event = call_core(context_.io, *client, [command] { return next_event(command); });
    if (!event) {
      failed = event.error();
      break;
    }
    running = !std::holds_alternative<cri::ExecExit>(*event);
    if (!stream->Write(response_of(std::move(*event)))) break;
  }
  if (!failed) {
    const std::lock_guard guard(input_mutex);
    const Result<>& why = input_failed ? failed : input_failed;
    stream->Write(failure_of(why.error().message()));
  }
  // Ends when the client has ended its half, as it does after the last message, or is gone.
  input.join();
  asio::post(context_.io, [last = std::move(command)] { last->stream->close(); });
  return grpc::Status::OK;
}

}  // namespace sandboxlet::agent
