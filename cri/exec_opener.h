#pragma once

#include <memory>

#include "cri/exec_stream.h"
#include "cri/runtime.h"

namespace sandboxlet::cri {

// Starts commands in containers over whichever stream the runtime has that can do what is asked.
// Belongs to the core thread; the runtime outlives it.
class ExecOpener {
 public:
  explicit ExecOpener(Runtime& runtime) : runtime_(runtime) {}
  // The command has started when this answers.
  Task<Result<std::unique_ptr<ExecStream>>> open(v1::ExecRequest request);

 private:
  Runtime& runtime_;
  // As the last refusal told. A runtime that learns it later still speaks SPDY.
  bool websocket_ends_stdin_ = true;
};

}  // namespace sandboxlet::cri
