#pragma once

#include "bench/cluster_driver.h"
#include "bench/floor.h"
#include "bench/suite.h"
#include "tests/rig/cluster.h"

namespace sandboxlet::bench {

// What the figures of a cluster are measured in: one node, one shim.
struct Bench {
  test::KubeApiServer& server;
  test::Cluster& cluster;
  ClusterDriver& driver;
  Floor& floor;
};

// How much longer a create takes with a claim of the local provisioner, of either kind.
Result<Figures> create_with_claim(Bench& bench);
// What 500 Sandboxes with a claim and a Service have left behind.
Result<Figures> rounds_with_claims(Bench& bench);

}  // namespace sandboxlet::bench
