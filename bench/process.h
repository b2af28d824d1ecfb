#pragma once

#include <sys/types.h>

namespace sandboxlet::bench {

// What a process has resident now.
double rss_megabytes(pid_t pid);
// What it has used since its start, to the nanosecond: ticks of 10 ms are too coarse for shares of
// a hundredth.
double cpu_seconds(pid_t pid);
int open_files(pid_t pid);

}  // namespace sandboxlet::bench
