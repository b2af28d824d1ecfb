#include "agent/volume/death.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace sandboxlet::agent {

namespace {

constexpr std::array<uint64_t, 19> kChanges{
    SYS_mkdir,   SYS_rmdir, SYS_rename,    SYS_renameat,  SYS_renameat2, SYS_unlink, SYS_unlinkat,
    SYS_write,   SYS_fsync, SYS_ftruncate, SYS_fallocate, SYS_fchmod,    SYS_ioctl,  SYS_mount,
    SYS_umount2, SYS_mknod, SYS_clone,     SYS_clone3,    SYS_vfork};

bool is_change(const __ptrace_syscall_info& info) {
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return false;
  if (info.entry.nr == SYS_openat) return (info.entry.args[2] & O_CREAT) != 0;
  return std::find(kChanges.begin(), kChanges.end(), info.entry.nr) != kChanges.end();
}

[[noreturn]] void trace_and_run(const std::function<bool()>& work) {
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  raise(SIGSTOP);
  _exit(work() ? 0 : 1);
}

}  // namespace

bool runs_to_its_end(size_t nth, const std::function<bool()>& work) {
  const pid_t process = fork();
  if (process == 0) trace_and_run(work);
  int status = 0;
  waitpid(process, &status, 0);
  ptrace(PTRACE_SETOPTIONS, process, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  int signal = 0;
  for (size_t seen = 0;;) {
    ptrace(PTRACE_SYSCALL, process, nullptr, signal);
    if (waitpid(process, &status, 0) < 0 || !WIFSTOPPED(status)) break;
    signal = WSTOPSIG(status);
    if (signal != (SIGTRAP | 0x80)) continue;
    signal = 0;
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info);
    if (!is_change(info) || seen++ != nth) continue;
    kill(process, SIGKILL);
    waitpid(process, &status, 0);
    return false;
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  return true;
}

}  // namespace sandboxlet::agent
