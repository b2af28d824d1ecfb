#include "base/result.h"

#include <cerrno>

namespace sandboxlet {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kInternal:
      return "Internal";
    case Code::kUnavailable:
      return "Unavailable";
    case Code::kDeadlineExceeded:
      return "DeadlineExceeded";
    case Code::kResourceExhausted:
      return "ResourceExhausted";
    case Code::kInvalidArgument:
      return "InvalidArgument";
    case Code::kNotFound:
      return "NotFound";
    case Code::kAlreadyExists:
      return "AlreadyExists";
    case Code::kFailedPrecondition:
      return "FailedPrecondition";
    case Code::kPermissionDenied:
      return "PermissionDenied";
    case Code::kUnimplemented:
      return "Unimplemented";
    case Code::kCancelled:
      return "Cancelled";
  }
  return "Internal";
}

bool is_retryable(Code code) {
  switch (code) {
    case Code::kInternal:
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
    case Code::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

namespace {

Code code_of_errno(int value) {
  switch (value) {
    case ENOENT:
    case ENODEV:
    case ESRCH:
      return Code::kNotFound;
    case EEXIST:
      return Code::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return Code::kResourceExhausted;
    case EBUSY:
    case ENOTEMPTY:
    case ELOOP:
    case ENOTDIR:
    case EISDIR:
      return Code::kFailedPrecondition;
    case EINVAL:
    case ENAMETOOLONG:
      return Code::kInvalidArgument;
    case EAGAIN:
    case EINTR:
    case ECONNREFUSED:
      return Code::kUnavailable;
    case ETIMEDOUT:
      return Code::kDeadlineExceeded;
    case ENOSYS:
    case EOPNOTSUPP:
      return Code::kUnimplemented;
    case ECANCELED:
      return Code::kCancelled;
    default:
      return Code::kInternal;
  }
}

}  // namespace

Error errno_error(std::string_view context, int errno_value) {
  std::string message(context);
  message.append(": ").append(std::strerror(errno_value));
  return Error(code_of_errno(errno_value), std::move(message), errno_value);
}

}  // namespace sandboxlet
