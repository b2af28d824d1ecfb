#pragma once

namespace sandboxlet::bench {

// Waits until the machine has nothing to do, half a minute at most: the kernel takes down network
// namespaces and cgroups when there is time, which what is measured next would pay for.
void settle();

}  // namespace sandboxlet::bench
