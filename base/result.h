#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace sandboxlet {

// What a caller may do about an error; gRPC's and the runtime's codes are folded into these.
enum class Code {
  kInternal,            // a bug or an unknown failure: try again later, tell an operator
  kUnavailable,         // the other side is away: try again
  kDeadlineExceeded,    // unknown whether it happened: observe, then try again
  kResourceExhausted,   // full disk, too many: try again when something was freed
  kInvalidArgument,     // the input is wrong: never try the same again
  kNotFound,            // what was named does not exist
  kAlreadyExists,       // what was to be made exists
  kFailedPrecondition,  // not in this state: observe first
  kPermissionDenied,    // refused
  kUnimplemented,       // this runtime or node cannot do it
  kCancelled,           // the caller itself gave up
};

// The code's name in gRPC's spelling, for logs and for a condition's reason.
std::string_view to_string(Code code);

// True where the same call may succeed later without anybody changing its input.
bool is_retryable(Code code);

// An error as a value. It has a constructor on purpose: g++ 12 destroys aggregate temporaries twice
// inside a co_await expression.
class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message, int errno_value = 0)
      : code_(code), errno_(errno_value), message_(std::move(message)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  // The errno behind it, 0 where there was none.
  int errno_value() const { return errno_; }

  // The same error with "context: " before its message.
  Error wrap(std::string_view context) const& { return Error(*this).wrap(context); }
  Error wrap(std::string_view context) && {
    message_.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }

 private:
  Code code_;
  int errno_;
  std::string message_;
};

// An Error from errno: "context: No such file or directory", coded by what the errno means.
Error errno_error(std::string_view context, int errno_value = errno);

// A value or an Error. The only way in which functions of this house fail.
template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}

  // The same result; an error gets "context: " before its message.
  Result wrap(std::string_view context) && {
    if (!this->has_value()) return std::move(this->error()).wrap(context);
    return std::move(*this);
  }
};

}  // namespace sandboxlet

#define SANDBOXLET_CONCAT_(a, b) a##b
#define SANDBOXLET_CONCAT(a, b) SANDBOXLET_CONCAT_(a, b)
#define SANDBOXLET_TRY_(tmp, keyword, decl, ...)        \
  auto tmp = (__VA_ARGS__);                             \
  if (!tmp.has_value()) keyword std::move(tmp.error()); \
  decl = std::move(*tmp)
#define SANDBOXLET_CHECK_(tmp, keyword, ...) \
  if (auto tmp = (__VA_ARGS__); !tmp.has_value()) keyword std::move(tmp.error())

// Statement macros that return the error of a Result and else unpack it:
//   TRY(auto fd, open_at(dir, name));      CO_TRY(auto id, co_await runtime.run_pod_sandbox(...));
//   CHECK_OK(make_dir(path));              CO_CHECK_OK(co_await runtime.start_container(id));
#define TRY(decl, ...) \
  SANDBOXLET_TRY_(SANDBOXLET_CONCAT(result_, __COUNTER__), return, decl, __VA_ARGS__)
#define CO_TRY(decl, ...) \
  SANDBOXLET_TRY_(SANDBOXLET_CONCAT(result_, __COUNTER__), co_return, decl, __VA_ARGS__)
#define CHECK_OK(...) \
  SANDBOXLET_CHECK_(SANDBOXLET_CONCAT(result_, __COUNTER__), return, __VA_ARGS__)
#define CO_CHECK_OK(...) \
  SANDBOXLET_CHECK_(SANDBOXLET_CONCAT(result_, __COUNTER__), co_return, __VA_ARGS__)
