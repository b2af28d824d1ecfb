#pragma once

#include <memory>
#include <string>

#include "agent/suspend/cgroups.h"
#include "api/sandbox.h"
#include "cri/client.h"
#include "tests/rig/core_loop.h"
#include "tests/rig/private_runtime.h"

namespace sandboxlet::bench {

// What the runtime itself needs: bare CRI calls on the same containerd with the same messages as
// the agent's, from one warm connection. Every function answers milliseconds.
class Floor {
 public:
  static Result<std::unique_ptr<Floor>> make(const test::PrivateRuntime& runtime);

  // RunPodSandbox, CreateContainer, StartContainer.
  Result<double> create(const std::string& name);
  // CreateContainer and StartContainer in the pod of that name, whose container was removed.
  Result<double> start_again(const std::string& name);
  // ExecSync of `true`.
  Result<double> exec_true(const std::string& name);
  // From the end of its container's process, which is killed, to a ContainerStatus that tells of
  // it; asked over and over.
  Result<double> see_exit(const std::string& name);
  // Of the first container of a Sandbox of the agent's.
  Result<pid_t> pid_of_sandbox(const std::string& name);
  // StopContainer, RemoveContainer.
  Result<double> stop_container(const std::string& name);
  // StopPodSandbox, RemovePodSandbox.
  Result<double> remove(const std::string& name);
  // The same as create, for all names at once.
  Result<double> create_all(const std::vector<std::string>& names);
  Result<> remove_all(const std::vector<std::string>& names);

  // Those of the runtime's root, the agent's among them.
  agent::Cgroups& cgroups() { return *cgroups_; }

 private:
  struct Pod {
    api::Sandbox sandbox;
    std::string id;
    std::string container;
    uint32_t attempt = 0;
  };

  explicit Floor(const test::PrivateRuntime& runtime);
  cri::v1::PodSandboxConfig pod_config(const Pod& pod) const;
  cri::v1::ContainerConfig container_config(Pod& pod) const;
  Task<Result<pid_t>> pid_of(std::string container);
  Result<> prepare(const std::string& name);
  Task<Result<>> create_one(std::string name);
  Task<Result<>> run_container(std::string name);
  Task<Result<>> remove_container(std::string name);
  Task<Result<>> remove_one(std::string name);

  const test::PrivateRuntime& runtime_;
  test::CoreLoop loop_;
  cri::Client client_;
  std::unique_ptr<agent::Cgroups> cgroups_;
  cri::v1::Image image_;
  std::map<std::string, Pod> pods_;
};

}  // namespace sandboxlet::bench
