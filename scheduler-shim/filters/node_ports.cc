#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

constexpr char kAllAddresses[] = "0.0.0.0";

bool conflicts(const HostPort& wanted, const HostPort& taken) {
  return wanted.port == taken.port && wanted.protocol == taken.protocol &&
         (wanted.ip == taken.ip || wanted.ip == kAllAddresses || taken.ip == kAllAddresses);
}

class NodePorts : public Filter {
 public:
  bool prepare(const Subject& subject) override { return !subject.spec().host_ports.empty(); }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    for (const HostPort& wanted : subject.spec().host_ports) {
      for (const TakenPort& taken : subject.cache.nodes()[node].ports) {
        if (!conflicts(wanted, taken.port)) continue;
        return refuse(reasons, "node(s) didn't have free ports for the requested pod ports",
                      kNodeChanged | kSandboxGone);
      }
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<Filter> make_node_ports() { return std::make_unique<NodePorts>(); }

}  // namespace sandboxlet::scheduler
