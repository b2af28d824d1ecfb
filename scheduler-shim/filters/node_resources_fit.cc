#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

// What cures a lack: where even the empty node is too small, only another one.
Wakes cure(int64_t wanted, int64_t allocatable) {
  return wanted > allocatable ? kNodeChanged : kNodeChanged | kSandboxGone;
}

class NodeResourcesFit : public Filter {
 public:
  bool prepare(const Subject& /*subject*/) override { return true; }

  bool check(const Subject& subject, NodeId id, Reasons* reasons) override {
    const Resources& wanted = subject.spec().requests;
    const NodeResources& node = subject.cache.nodes().resources(id);
    if (fits(wanted, node)) return true;
    if (reasons != nullptr) explain(wanted, node, *reasons);
    return false;
  }

 private:
  // What is not requested is not looked at: a node may have less than nothing left of it.
  static bool lacks(int64_t wanted, int64_t allocatable, int64_t requested) {
    return wanted > 0 && wanted > allocatable - requested;
  }

  static bool fits(const Resources& wanted, const NodeResources& node) {
    const Resources& has = node.allocatable;
    const Resources& used = node.requested;
    if (lacks(wanted.pods, has.pods, used.pods) ||
        lacks(wanted.milli_cpu, has.milli_cpu, used.milli_cpu) ||
        lacks(wanted.memory, has.memory, used.memory) ||
        lacks(wanted.ephemeral_storage, has.ephemeral_storage, used.ephemeral_storage)) {
      return false;
    }
    for (const auto& [name, amount] : wanted.extended) {
      if (lacks(amount, has.extended_amount(name), used.extended_amount(name))) return false;
    }
    return true;
  }

  // All that is lacking, where other filters say only the first.
  static void explain(const Resources& wanted, const NodeResources& node, Reasons& reasons) {
    const Resources& has = node.allocatable;
    const Resources& used = node.requested;
    const auto tell = [&](const std::string& text, int64_t amount, int64_t allocatable,
                          int64_t requested) {
      if (lacks(amount, allocatable, requested)) {
        reasons.push_back({text, cure(amount, allocatable)});
      }
    };
    tell("Too many pods", wanted.pods, has.pods, used.pods);
    tell("Insufficient cpu", wanted.milli_cpu, has.milli_cpu, used.milli_cpu);
    tell("Insufficient memory", wanted.memory, has.memory, used.memory);
    tell("Insufficient ephemeral-storage", wanted.ephemeral_storage, has.ephemeral_storage,
         used.ephemeral_storage);
    for (const auto& [name, amount] : wanted.extended) {
      tell("Insufficient " + name, amount, has.extended_amount(name), used.extended_amount(name));
    }
  }
};

}  // namespace

std::unique_ptr<Filter> make_node_resources_fit() { return std::make_unique<NodeResourcesFit>(); }

}  // namespace sandboxlet::scheduler
