#pragma once

#include <string>
#include <vector>

#include "tests/rig/kube_test.h"

namespace sandboxlet::test {

inline constexpr char kSandboxesPath[] =
    "/apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes";
inline constexpr char kSandboxNodesPath[] = "/apis/sandboxlet.io/v1alpha1/sandboxnodes";
inline constexpr char kCrds[] = SANDBOXLET_SOURCE_DIR "/manifests/crd";

// Tests against an API server that knows Sandboxes and SandboxNodes as manifests/crd has them.
class CrdTest : public KubeTest {
 protected:
  void SetUp() override;

  // One with a single container.
  static nlohmann::json sandbox(const std::string& name);
  static nlohmann::json create(const nlohmann::json& object);
  // The object after the merge patch; what is "/NAME", or "/NAME/status".
  static nlohmann::json patch(const std::string& what, const nlohmann::json& change);
  // What kubectl prints; a failure of the test where it fails.
  static std::string kubectl(const std::vector<std::string>& arguments);
};

}  // namespace sandboxlet::test
