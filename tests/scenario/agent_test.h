#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "api/sandbox.h"
#include "cri/client.h"
#include "tests/rig/agent_process.h"
#include "tests/rig/core_loop.h"
#include "tests/rig/holdings.h"
#include "tests/rig/real_test.h"

namespace sandboxlet::test {

namespace pb = ::sandboxlet::v1;

// The real agent on a real containerd, driven through its socket, and held against the runtime
// itself. Whatever a test leaves, its end takes away and looks that nothing is left.
class AgentTest : public RealTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // See counter_manifest.
  static std::string manifest(const std::string& name, const std::string& spec = "");

  AgentProcess& agent() { return *agent_; }
  // An answer's code; the object is in object().
  grpc::Status apply(const std::string& manifest);
  grpc::Status suspend(const std::string& name, const std::string& depth);
  grpc::Status resume(const std::string& name);
  grpc::Status remove(const std::string& name);
  std::optional<api::Sandbox> get(const std::string& name);
  // Waits for "Ready=True" and the like.
  bool becomes(const std::string& name, const std::string& type, const std::string& status);

  // From the runtime itself.
  std::string container_id(const std::string& sandbox, const std::string& container = "main");
  uint64_t count(const std::string& sandbox);
  pid_t pid(const std::string& sandbox);
  std::string run_in(const std::string& sandbox, std::vector<std::string> command);
  size_t pods();
  Holdings holdings() { return holdings_of(runtime(), *runtime_client_, loop_); }
  bool is_frozen(const std::string& uid);

  CoreLoop loop_;
  std::optional<cri::Client> runtime_client_;
  std::unique_ptr<AgentProcess> agent_;
};

}  // namespace sandboxlet::test
