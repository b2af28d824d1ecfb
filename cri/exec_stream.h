#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::cri {

// What a running command says. The last event is its exit.
struct ExecOutput {
  enum class Stream { kStdout, kStderr };
  Stream stream = Stream::kStdout;
  std::string data;
};
struct ExecExit {
  int code = 0;
};
using ExecEvent = std::variant<ExecOutput, ExecExit>;

// The two-way stream of a command that runs in a container. Belongs to the core thread and to
// whoever opened it. One read and one write may be under way at the same time.
//
// Nothing is queued: a read takes the next piece from the wire, a write ends when the wire has
// taken all of it, so that a slow side slows the other. Destroying the stream or close() ends it at
// once; what the runtime does to the command then is its own business (containerd lets it run on).
class ExecStream {
 public:
  virtual ~ExecStream() = default;

  // The next piece of output, or the exit code after the last piece. After the exit: an error.
  virtual Task<Result<ExecEvent>> read() = 0;
  virtual Task<Result<>> write_stdin(std::string data) = 0;
  // The command sees the end of its stdin. Not on a terminal: there, write ^D.
  virtual Task<Result<>> close_stdin() = 0;
  // Only with a terminal.
  virtual Task<Result<>> resize(uint16_t columns, uint16_t rows) = 0;
  // Reads and writes under way end with Cancelled.
  virtual void close() = 0;
};

}  // namespace sandboxlet::cri
