#include "agent/container/exit_watch.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

struct Watch {
  Watch(asio::io_context& io, int fd, std::function<void()> callback)
      : process(io, fd), on_exit(std::move(callback)) {}
  asio::posix::stream_descriptor process;
  std::function<void()> on_exit;
};

// What the caller holds; the wait itself holds the Watch, whose callback this takes away.
struct Handle {
  explicit Handle(std::shared_ptr<Watch> of) : watch(std::move(of)) {}
  ~Handle() {
    watch->on_exit = nullptr;
    boost::system::error_code ignored;
    watch->process.close(ignored);
  }
  std::shared_ptr<Watch> watch;
};

int open_process(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

bool is_alive(pid_t pid) {
  const UniqueFd process(open_process(pid));
  return process || errno != ESRCH;
}

Result<std::shared_ptr<void>> watch_exit(asio::io_context& io, pid_t pid,
                                         std::function<void()> on_exit) {
  const int fd = open_process(pid);
  if (fd < 0) {
    if (errno == ESRCH) return Error(Code::kNotFound, "no process " + std::to_string(pid), ESRCH);
    return errno_error("watch process " + std::to_string(pid));
  }
  const auto watch = std::make_shared<Watch>(io, fd, std::move(on_exit));
  // A pidfd becomes readable when its process has ended.
  watch->process.async_wait(asio::posix::stream_descriptor::wait_read,
                            [watch](const boost::system::error_code& error) {
                              if (!error && watch->on_exit) std::exchange(watch->on_exit, {})();
                            });
  return std::shared_ptr<void>(std::make_shared<Handle>(watch));
}

}  // namespace sandboxlet::agent
