#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace sandboxlet::test {

// A containerd of the test's own (tools/private-runtime), with the images of tools/make-images.
// Everything of it goes with this object, or soon after the process, however that ends: pods,
// mounts, network, what the test put into dir(), and the cgroups below cgroup_root(). All functions
// block; one caller at a time.
class PrivateRuntime {
 public:
  // Why this machine cannot run one, for GTEST_SKIP; nothing where it can.
  static const std::optional<std::string>& why_not();

  // Answers when CRI is served: after about half a second.
  static Result<std::unique_ptr<PrivateRuntime>> start();
  ~PrivateRuntime();
  PrivateRuntime(const PrivateRuntime&) = delete;
  PrivateRuntime& operator=(const PrivateRuntime&) = delete;

  // A folder of 0700, to be shared with the test's own files: logs, an agent's data, volumes.
  const std::string& dir() const { return dir_; }
  const std::string& socket() const { return socket_; }
  // "/sandboxlet-test-...", the test's own in every hierarchy. It is not made.
  const std::string& cgroup_root() const { return cgroup_root_; }

  // SIGKILL to containerd alone: its pods live on.
  Result<> kill();
  // A new containerd for the same pods; answers when CRI is served again.
  Result<> restart();
  // What the destructor does, for those who want to hear whether it could. Idempotent.
  Result<> stop();

 private:
  explicit PrivateRuntime(std::string dir);

  const std::string dir_;
  const std::string cgroup_root_;
  std::string socket_;
};

}  // namespace sandboxlet::test
