#include "agent/server/status_code.h"

#include <algorithm>
#include <string>

namespace sandboxlet::agent {

namespace {

// gRPC's clients refuse answers whose trailers are larger than 8 KiB by default, and then say
// nothing of what was wrong.
constexpr size_t kMaxMessage = size_t{7} << 10;
// Room for the line that says that lines are missing.
constexpr size_t kMoreLine = 40;

// gRPC: printable ASCII but for '%' stands for itself, any other byte for three.
size_t size_on_wire(char byte) { return byte >= ' ' && byte <= '~' && byte != '%' ? 1 : 3; }

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// How many of its bytes fit, with whole characters.
size_t fitting(const std::string& text, size_t limit) {
  size_t size = 0;
  size_t end = 0;
  for (; end < text.size(); ++end) {
    size += size_on_wire(text[end]);
    if (size > limit) break;
  }
  while (end < text.size() && end > 0 && continues_character(text[end])) --end;
  return end;
}

std::string fit(const std::string& message) {
  if (fitting(message, kMaxMessage) == message.size()) return message;
  const size_t end = fitting(message, kMaxMessage - kMoreLine);
  const size_t last_line = message.rfind('\n', end);
  if (last_line == std::string::npos) return message.substr(0, end) + " [...]";
  const auto more =
      std::count(message.begin() + static_cast<ptrdiff_t>(last_line), message.end(), '\n');
  return message.substr(0, last_line) + "\nand " + std::to_string(more) + " more";
}

grpc::StatusCode code_of(Code code) {
  switch (code) {
    case Code::kInternal:
      return grpc::StatusCode::INTERNAL;
    case Code::kUnavailable:
      return grpc::StatusCode::UNAVAILABLE;
    case Code::kDeadlineExceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case Code::kResourceExhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case Code::kInvalidArgument:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case Code::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case Code::kAlreadyExists:
      return grpc::StatusCode::ALREADY_EXISTS;
    case Code::kFailedPrecondition:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case Code::kPermissionDenied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case Code::kUnimplemented:
      return grpc::StatusCode::UNIMPLEMENTED;
    case Code::kCancelled:
      return grpc::StatusCode::CANCELLED;
  }
  return grpc::StatusCode::UNKNOWN;
}

}  // namespace

grpc::Status to_grpc(const Error& error) { return {code_of(error.code()), fit(error.message())}; }

}  // namespace sandboxlet::agent
