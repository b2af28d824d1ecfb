#include "agent/sandbox/relist.h"

#include "agent/pod/labels.h"
#include "agent/sandbox/readback.h"

namespace sandboxlet::agent {

namespace {

std::string mark(const std::string& id, bool ready) { return id + (ready ? " ready" : " ended"); }

std::string mark(const std::string& id, ContainerState state) {
  return id + " " + std::to_string(static_cast<int>(state));
}

}  // namespace

Fingerprint fingerprint_of(const Observed& observed) {
  Fingerprint print;
  for (const auto& pod : observed.pods) print.insert(mark(pod.id, pod.ready));
  for (const auto& container : observed.containers) {
    print.insert(mark(container.id, container.state));
  }
  return print;
}

std::map<std::string, Fingerprint> fingerprints_of(
    const std::vector<::runtime::v1::PodSandbox>& pods,
    const std::vector<::runtime::v1::Container>& containers) {
  std::map<std::string, Fingerprint> prints;
  for (const auto& pod : pods) {
    prints[pod.metadata().uid()].insert(
        mark(pod.id(), pod.state() == ::runtime::v1::SANDBOX_READY));
  }
  for (const auto& container : containers) {
    const auto uid = container.labels().find(kPodUidLabel);
    if (uid == container.labels().end()) continue;
    prints[uid->second].insert(mark(container.id(), container_state(container.state())));
  }
  return prints;
}

}  // namespace sandboxlet::agent
