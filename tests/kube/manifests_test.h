#pragma once

#include <string>

#include "tests/rig/kube_test.h"

namespace sandboxlet::test {

// Tests against an API server that has all of manifests/, with the controllers that make something
// of it: aggregated roles, service accounts, Pods of Deployments and DaemonSets. Nothing runs them.
class ManifestsTest : public KubeTest {
 protected:
  void SetUp() override;

  // A node that is labelled for an agent, with the agent's Pod bound to it. Answers a token as that
  // Pod has it.
  static std::string agent_token(const std::string& node);
  // A token of a service account in sandboxlet-system; bound to that Pod where one is given.
  static std::string token(const std::string& account, const nlohmann::json& pod = {});

  // Status line, headers and body of the answer to whoever has that token.
  static std::string as(const std::string& token, const std::string& method,
                        const std::string& path, const nlohmann::json& body = {});
};

}  // namespace sandboxlet::test
