// The first process of a pod sandbox: holds its namespaces and reaps what is orphaned in a shared
// process namespace, until SIGTERM or SIGINT.
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

int main(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGCHLD);
  // Blocked signals reach sigwait even in process 1, which ignores the rest.
  if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) return 1;

  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) return 1;
    if (signal != SIGCHLD) return 0;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
  }
}
