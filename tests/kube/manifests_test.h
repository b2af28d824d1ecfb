#pragma once

#include <string>

#include "tests/rig/kube_test.h"

namespace sandboxlet::test {

// Those of the namespace "default".
inline const std::string kSandboxes = "/apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes";

// Tests against an API server that has all of manifests/, with the controllers that make something
// of it: aggregated roles, service accounts, Pods of Deployments and DaemonSets. Nothing runs them.
class ManifestsTest : public KubeTest {
 protected:
  void SetUp() override;

  // A node that is labelled for an agent, with the agent's Pod bound to it. Answers a token as that
  // Pod has it.
  static std::string agent_token(const std::string& node);
  // A token of a service account in sandboxlet-system; bound to that Pod or Node where one is
  // given.
  static std::string token(const std::string& account, const nlohmann::json& bound_to = {});

  // A Sandbox of that name in "default", bound to that node; to none where that is empty.
  static void create_bound(const std::string& name, const std::string& node);

  // Status line, headers and body of the answer to whoever has that token.
  static std::string as(const std::string& token, const std::string& method,
                        const std::string& path, const nlohmann::json& body = {});
};

}  // namespace sandboxlet::test
