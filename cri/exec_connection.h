#pragma once

#include <boost/beast/core/tcp_stream.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::cri {

// Where a command's stream is served, from the URL that Runtime::exec answered.
struct ExecAddress {
  // An address, as runtimes serve streams on loopback.
  std::string host;
  std::string port;
  std::string target;
};

// kUnimplemented for whatever is not plain HTTP with a port.
Result<ExecAddress> parse_exec_url(const std::string& url);

// Connected, and with a limit on all that follows until expires_never() lifts it.
Task<Result<boost::beast::tcp_stream>> connect_exec(ExecAddress address);

// "exec stream: what: ...", kCancelled where close() was the cause.
Error exec_stream_error(std::string_view what, const boost::system::error_code& error);

}  // namespace sandboxlet::cri
