#pragma once

#include <memory>

#include "scheduler-shim/score.h"

namespace sandboxlet::scheduler {

std::unique_ptr<Score> make_resources_fit_score(FitStrategy strategy);
// cpu and memory used to the same share.
std::unique_ptr<Score> make_balanced_allocation_score();
// Few PreferNoSchedule taints that are not tolerated.
std::unique_ptr<Score> make_taint_toleration_score();
// Preferred node affinity.
std::unique_ptr<Score> make_node_affinity_score();
// Preferred affinity and anti-affinity, its own and that of the Sandboxes there.
std::unique_ptr<Score> make_inter_pod_affinity_score();
// Spread that may be broken (ScheduleAnyway).
std::unique_ptr<Score> make_topology_spread_score();
// The images are there already.
std::unique_ptr<Score> make_image_locality_score();
// The state of its earlier life is there. Outweighs all others together.
std::unique_ptr<Score> make_state_locality_score();

}  // namespace sandboxlet::scheduler
