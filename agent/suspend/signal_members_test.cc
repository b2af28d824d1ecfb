#include "agent/suspend/signal_members.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sandboxlet::agent {
namespace {

pid_t start_waiting() {
  const pid_t pid = fork();
  if (pid == 0) {
    for (;;) pause();
  }
  return pid;
}

int signal_of(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(SignalMembers, SparesWhatIsNoMemberAnyMore) {
  const pid_t member = start_waiting();
  const pid_t stranger = start_waiting();
  EXPECT_TRUE(signal_members({stranger, member}, SIGUSR1,
                             [&](pid_t pid) -> Result<bool> { return pid == member; }));
  EXPECT_EQ(signal_of(member), SIGUSR1);
  EXPECT_EQ(waitpid(stranger, nullptr, WNOHANG), 0);
  kill(stranger, SIGKILL);
  EXPECT_EQ(signal_of(stranger), SIGKILL);
}

TEST(SignalMembers, PassesOverWhatIsGone) {
  const pid_t gone = start_waiting();
  kill(gone, SIGKILL);
  EXPECT_EQ(signal_of(gone), SIGKILL);
  EXPECT_TRUE(signal_members({gone}, SIGUSR1, [](pid_t) -> Result<bool> { return true; }));
}

TEST(SignalMembers, SendsNothingWhereMembershipIsUnknown) {
  const pid_t pid = start_waiting();
  const auto sent = signal_members(
      {pid}, SIGUSR1, [](pid_t) -> Result<bool> { return Error(Code::kPermissionDenied, "no"); });
  EXPECT_EQ(sent.error().code(), Code::kPermissionDenied);
  kill(pid, SIGKILL);
  EXPECT_EQ(signal_of(pid), SIGKILL);
}

}  // namespace
}  // namespace sandboxlet::agent
