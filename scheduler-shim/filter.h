#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler-shim/subject.h"
#include "scheduler-shim/wake.h"

namespace sandboxlet::scheduler {

// Why a node does not do, in kube-scheduler's words, and what may cure it. A reason that no
// leaving Sandbox can cure is what upstream calls unresolvable.
struct Reason {
  std::string text;
  Wakes cured_by = kNothing;

  bool unresolvable() const { return (cured_by & kSandboxGone) == 0; }
};
using Reasons = std::vector<Reason>;

// One rule on which nodes may take a Sandbox. An object of it serves one decision after another:
// prepare, then check for as many nodes as are asked for.
class Filter {
 public:
  virtual ~Filter() = default;
  // Works out once what the checks need. False where it would refuse no node at all: it is then
  // left out of this decision (upstream: Skip).
  virtual bool prepare(const Subject& subject) = 0;
  // True where the node does. Else adds why to reasons, if they are wanted.
  virtual bool check(const Subject& subject, NodeId node, Reasons* reasons) = 0;
};

using Filters = std::vector<std::unique_ptr<Filter>>;

// Those that look at nothing but the class of the Sandbox and the node's object: their verdict is
// remembered. In upstream's order.
Filters make_object_filters();
// Those that look at what is on the nodes.
Filters make_usage_filters();

// For check: refuses.
inline bool refuse(Reasons* reasons, std::string_view text, Wakes cured_by) {
  if (reasons != nullptr) reasons->push_back({std::string(text), cured_by});
  return false;
}

}  // namespace sandboxlet::scheduler
