#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "scheduler-shim/filter.h"

namespace sandboxlet::scheduler {

// Why each node refused a Sandbox, summed up.
class Diagnosis {
 public:
  // The reasons of one node; one may have several.
  void add(const Reasons& reasons);
  // "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were unschedulable.", counted by reason
  // and sorted as text, as upstream does.
  std::string message(size_t nodes) const;
  // What may help on any node. A node with several reasons waits for any of them.
  Wakes wakes() const { return wakes_; }

 private:
  std::map<std::string, size_t, std::less<>> counts_;
  Wakes wakes_ = kNothing;
};

}  // namespace sandboxlet::scheduler
