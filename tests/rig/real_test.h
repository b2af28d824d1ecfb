#pragma once

#include <gtest/gtest.h>

#include "tests/rig/private_runtime.h"

namespace sandboxlet::test {

// A test against a real containerd, skipped where the machine cannot run one. All tests of a binary
// share one: the first starts it, the last one's end stops it, and what cannot be taken away again
// fails the binary. Each test removes its own pods.
class RealTest : public testing::Test {
 protected:
  void SetUp() override;
  static PrivateRuntime& runtime();
};

}  // namespace sandboxlet::test
