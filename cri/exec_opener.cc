#include "cri/exec_opener.h"

#include "cri/exec_spdy.h"
#include "cri/exec_websocket.h"

namespace sandboxlet::cri {

Task<Result<std::unique_ptr<ExecStream>>> ExecOpener::open(v1::ExecRequest request) {
  // A terminal's input ends by what is typed.
  const bool must_end_stdin = request.stdin() && !request.tty();
  if (!must_end_stdin || websocket_ends_stdin_) {
    CO_TRY(std::string url, co_await runtime_.exec(request));
    auto opened = co_await open_websocket_exec(std::move(url), must_end_stdin);
    if (opened || !must_end_stdin || opened.error().code() != Code::kUnimplemented) {
      co_return std::move(opened);
    }
    websocket_ends_stdin_ = false;
  }
  // A URL is good for one connection.
  CO_TRY(std::string url, co_await runtime_.exec(request));
  co_return co_await open_spdy_exec(std::move(url));
}

}  // namespace sandboxlet::cri
