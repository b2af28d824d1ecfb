#include "agent/suspend/signal_members.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

Result<> signal_members(const std::vector<pid_t>& pids, int signal,
                        const std::function<Result<bool>(pid_t)>& is_member) {
  for (const pid_t pid : pids) {
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process && errno == ESRCH) continue;
    if (!process) return errno_error("pidfd of " + std::to_string(pid));
    TRY(const bool member, is_member(pid));
    if (!member) continue;
    if (syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) != 0 && errno != ESRCH) {
      return errno_error("signal " + std::to_string(pid));
    }
  }
  return {};
}

}  // namespace sandboxlet::agent
