#include "agent/node/machine.h"

#include <unistd.h>

namespace sandboxlet::agent {

int64_t machine_memory() { return int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE); }

int64_t machine_cpus() { return sysconf(_SC_NPROCESSORS_ONLN); }

}  // namespace sandboxlet::agent
