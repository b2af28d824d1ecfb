#pragma once

#include "base/result.h"
#include "scheduler-shim/classes.h"
#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/pod_info.h"
#include "scheduler-shim/pool.h"

namespace sandboxlet::scheduler {

// Reads Sandboxes (agents.x-k8s.io/v1beta1) from their JSON, only the fields that placement needs,
// and shares among them what is equal. Fields it does not know are the agent's matter; one of the
// wrong type or value is an error that begins with its path. Belongs to one thread; what it read
// may outlive it. A Sandbox that names a class which is not there is read, but unplaceable: read it
// again when the class has come.
class PodReader {
 public:
  // classes must outlive the reader and may change between reads.
  explicit PodReader(const Classes& classes) : classes_(classes) {}

  Result<PodInfo> read(const Json& sandbox);

  // How many different templates are held by what was read.
  size_t templates() const { return templates_.size(); }

 private:
  const Classes& classes_;
  Pool<PodTemplateInfo> templates_;
  Pool<PodIdentity> identities_;
};

// The spec of a Sandbox's pod, without what its classes and its Sandbox add.
PodTemplateInfo read_pod_spec(JsonReader& reader, const Json& pod_spec, const Classes& classes);

}  // namespace sandboxlet::scheduler
