#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/unique_fd.h"
#include "cli/common.h"
#include "cli/terminal.h"

namespace sandboxlet::cli {

namespace {

using Stream = grpc::ClientReaderWriter<pb::ExecRequest, pb::ExecResponse>;

pb::ExecRequest start_of(const ExecOptions& options) {
  pb::ExecRequest request;
  auto& start = *request.mutable_start();
  set_ref(*start.mutable_ref(), options.target);
  start.set_container(options.container);
  for (const auto& word : options.command) start.add_command(word);
  start.set_stdin(options.stdin);
  start.set_tty(options.tty);
  const WindowSize size = window_size();
  start.mutable_size()->set_columns(size.columns);
  start.mutable_size()->set_rows(size.rows);
  return request;
}

// Passes standard input and the window's size on until stop says something or the stream ends.
void pass_input(Stream& stream, const ExecOptions& options, int stop, int resizes) {
  std::array<pollfd, 3> sources{{{stop, POLLIN, 0},
                                 {options.stdin ? STDIN_FILENO : -1, POLLIN, 0},
                                 {options.tty ? resizes : -1, POLLIN, 0}}};
  while (poll(sources.data(), sources.size(), -1) > 0 || errno == EINTR) {
    if (sources[0].revents != 0) return;
    pb::ExecRequest request;
    if (sources[2].revents != 0) {
      signalfd_siginfo signal{};
      if (read(resizes, &signal, sizeof(signal)) < 0) return;
      const WindowSize size = window_size();
      request.mutable_resize()->set_columns(size.columns);
      request.mutable_resize()->set_rows(size.rows);
      if (!stream.Write(request)) return;
    }
    if (sources[1].revents != 0) {
      std::array<char, 32768> block;
      const ssize_t size = read(STDIN_FILENO, block.data(), block.size());
      if (size > 0) {
        request.set_stdin(block.data(), size);
      } else {
        request.set_stdin_eof(true);
        sources[1].fd = -1;
      }
      if (!stream.Write(request)) return;
    }
  }
}

void write_all(int to, const std::string& data) {
  for (size_t done = 0; done < data.size();) {
    const ssize_t written = write(to, data.data() + done, data.size() - done);
    if (written < 0) return;
    done += written;
  }
}

}  // namespace

Result<int> exec(Connection& connection, const ExecOptions& options) {
  sigset_t resized;
  sigemptyset(&resized);
  sigaddset(&resized, SIGWINCH);
  pthread_sigmask(SIG_BLOCK, &resized, nullptr);
  const UniqueFd resizes(signalfd(-1, &resized, SFD_CLOEXEC));
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return errno_error("pipe");
  const UniqueFd stopped(ends[0]);
  UniqueFd stop(ends[1]);

  grpc::ClientContext context;
  const auto stream = connection.agent().Exec(&context);
  stream->Write(start_of(options));
  std::optional<RawTerminal> raw;
  if (options.tty) raw.emplace();
  std::thread input([&] { pass_input(*stream, options, stopped.get(), resizes.get()); });
  std::optional<int> code;
  std::string failure;
  pb::ExecResponse response;
  while (!code && failure.empty() && stream->Read(&response)) {
    switch (response.response_case()) {
      case pb::ExecResponse::kStdout:
        write_all(STDOUT_FILENO, response.stdout());
        break;
      case pb::ExecResponse::kStderr:
        write_all(STDERR_FILENO, response.stderr());
        break;
      case pb::ExecResponse::kExitCode:
        code = response.exit_code();
        break;
      case pb::ExecResponse::kFailure:
        failure = response.failure();
        break;
      default:
        break;
    }
  }
  stop.reset();
  input.join();
  stream->WritesDone();
  const grpc::Status end = stream->Finish();
  raw.reset();
  if (code) return *code;
  if (!failure.empty()) return Error(Code::kUnavailable, failure);
  CHECK_OK(connection.check(end));
  return Error(Code::kInternal, "the agent ended the exec without an exit code");
}

}  // namespace sandboxlet::cli
