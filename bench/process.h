#pragma once

#include <sys/types.h>

namespace sandboxlet::bench {

// What a process has resident now.
double rss_megabytes(pid_t pid);
// What it has used since its start.
double cpu_seconds(pid_t pid);
int open_files(pid_t pid);

}  // namespace sandboxlet::bench
