#pragma once

#include <string>

#include "scheduler-shim/node_info.h"

namespace sandboxlet::scheduler {

// Who else is told of nodes. Called on the core thread.
class NodeListener {
 public:
  virtual ~NodeListener() = default;
  // What its two objects say now, either of them null where it is not there.
  virtual void set_node(const std::string& name, const NodeInfo* sandbox_node,
                        const NodeInfo* core) = 0;
  // All of them have been told; also later once more.
  virtual void nodes_synced() = 0;
};

}  // namespace sandboxlet::scheduler
