// A workload with something to lose: a count that is only in memory.
//   counter run   counts once each 10 ms it is allowed to run; ends on SIGTERM
//   counter get   asks the running one for its count and prints it
// Time spent frozen is not made up for: after a thaw the count goes on from where it was.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

static const struct sockaddr_un kAddress = {AF_UNIX, "/run/counter.sock"};
static const long kTickNanoseconds = 10 * 1000 * 1000;

static int fail(const char* what) {
  fprintf(stderr, "counter: %s: %s\n", what, strerror(errno));
  return 1;
}

static int listen_for_questions(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  // A container that was restarted finds the socket of its former life.
  unlink(kAddress.sun_path);
  if (bind(fd, (const struct sockaddr*)&kAddress, sizeof(kAddress)) != 0) return -1;
  return listen(fd, SOMAXCONN) == 0 ? fd : -1;
}

static int start_ticking(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  const struct itimerspec every = {{0, kTickNanoseconds}, {0, kTickNanoseconds}};
  return fd >= 0 && timerfd_settime(fd, 0, &every, NULL) == 0 ? fd : -1;
}

static int watch_for_termination(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) return -1;
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

static void answer(int listener, uint64_t count) {
  int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) return;
  char text[32];
  int size = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)count);
  send(client, text, (size_t)size, MSG_NOSIGNAL);
  close(client);
}

static int run(void) {
  struct pollfd fds[3] = {{.events = POLLIN}, {.events = POLLIN}, {.events = POLLIN}};
  if ((fds[0].fd = watch_for_termination()) < 0) return fail("watch for SIGTERM");
  if ((fds[1].fd = start_ticking()) < 0) return fail("start the timer");
  if ((fds[2].fd = listen_for_questions()) < 0) return fail(kAddress.sun_path);

  uint64_t count = 0;
  for (;;) {
    if (poll(fds, 3, -1) < 0) return fail("poll");
    if (fds[0].revents) return 0;
    uint64_t ticks = 0;
    if (fds[1].revents && read(fds[1].fd, &ticks, sizeof(ticks)) == sizeof(ticks)) ++count;
    if (fds[2].revents) answer(fds[2].fd, count);
  }
}

static int get(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr*)&kAddress, sizeof(kAddress)) != 0)
    return fail(kAddress.sun_path);
  char text[32];
  ssize_t size;
  while ((size = read(fd, text, sizeof(text))) > 0) fwrite(text, 1, (size_t)size, stdout);
  return size == 0 && fflush(stdout) == 0 ? 0 : fail("read the count");
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "run") == 0) return run();
  if (argc == 2 && strcmp(argv[1], "get") == 0) return get();
  fprintf(stderr, "usage: counter run|get\n");
  return 2;
}
