// A workload with memory: fills it, then answers HTTP on port 80.
//   heap MEGABYTES TOUCHED    of the megabytes that it holds each answer writes to so many, spread
//                             evenly over all of them, another part each time
// A part of each page is random and the rest one word over and over, each page its own. The part is
// a quarter to three quarters, each as often, as pages of one size alone would suit an allocator of
// compressed pages very well or very badly. So half of all of it compresses to nothing.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kPage = 4096, kWords = kPage / 8, kPagesOfMegabyte = (1 << 20) / kPage, kPort = 80 };

typedef uint64_t Page[kWords];

static int fail(const char* what) {
  fprintf(stderr, "heap: %s: %s\n", what, strerror(errno));
  return 1;
}

// Marsaglia's xorshift64.
static uint64_t next_random(void) {
  static uint64_t state = 88172645463325252;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static Page* filled(size_t pages) {
  Page* memory =
      mmap(NULL, pages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  for (size_t page = 0; page < pages; ++page) {
    const size_t random = kWords / 4 + page % (kWords / 2 + 1);
    for (size_t i = 0; i < random; ++i) memory[page][i] = next_random();
    const uint64_t word = next_random();
    for (size_t i = random; i < kWords; ++i) memory[page][i] = word;
  }
  return memory;
}

static int listen_for_requests(void) {
  const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(kPort)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) return -1;
  if (bind(fd, (const struct sockaddr*)&any, sizeof(any)) != 0) return -1;
  return listen(fd, SOMAXCONN) == 0 ? fd : -1;
}

static void touch(Page* memory, size_t pages, size_t touched) {
  static size_t first = 0;
  for (size_t i = 0; i < touched; ++i) ++memory[(first + i * (pages / touched)) % pages][0];
  ++first;
}

static void answer(int client) {
  static const char kAnswer[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello\n";
  send(client, kAnswer, sizeof(kAnswer) - 1, MSG_NOSIGNAL);
}

int main(int argc, char** argv) {
  const size_t pages = argc == 3 ? strtoul(argv[1], NULL, 10) * kPagesOfMegabyte : 0;
  const size_t touched = argc == 3 ? strtoul(argv[2], NULL, 10) * kPagesOfMegabyte : 0;
  if (touched == 0 || touched > pages) {
    fprintf(stderr, "usage: heap MEGABYTES TOUCHED\n");
    return 2;
  }
  Page* memory = filled(pages);
  if (memory == NULL) return fail("take memory");
  const int listener = listen_for_requests();
  if (listener < 0) return fail("listen");
  for (;;) {
    const int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) continue;
    char request[4096];
    if (recv(client, request, sizeof(request), 0) > 0) {
      touch(memory, pages, touched);
      answer(client);
    }
    close(client);
  }
}
