#pragma once

#include <cstdint>

namespace sandboxlet::agent {

// Of the whole machine, in bytes.
int64_t machine_memory();
// Those that are online.
int64_t machine_cpus();

}  // namespace sandboxlet::agent
