#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/rig/kube_api_server.h"

namespace sandboxlet::test {

// A test against a real API server, skipped where the machine cannot run one. All tests of a binary
// share one (sandboxlet_kube_test in tests/CMakeLists.txt): the first starts it, the last one's end
// stops it, and what cannot be taken away again fails the binary. Each test uses names of its own.
class KubeTest : public testing::Test {
 protected:
  void SetUp() override;
  static KubeApiServer& api();
  // What the server answers the administrator; a failure of the test where it refuses.
  static nlohmann::json ask(const std::string& method, const std::string& path,
                            const std::string& body = "",
                            const std::string& content_type = "application/json");
};

}  // namespace sandboxlet::test
