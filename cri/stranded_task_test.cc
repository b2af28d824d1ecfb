#include "cri/stranded_task.h"

#include <gtest/gtest.h>

namespace sandboxlet::cri {
namespace {

TEST(StrandedTask, IsNamedWhereAContainerIsRemoved) {
  const Error error(Code::kFailedPrecondition,
                    "remove container: failed to delete containerd container \"0bc9\": cannot "
                    "delete running task 0bc9: failed precondition");
  EXPECT_EQ(stranded_task(error), "0bc9");
}

TEST(StrandedTask, IsNamedWhereItsPodIsRemoved) {
  const Error error(Code::kFailedPrecondition,
                    "remove pod sandbox: failed to remove container \"0bc9\": failed to delete "
                    "containerd container \"0bc9\": cannot delete running task 0bc9: failed "
                    "precondition");
  EXPECT_EQ(stranded_task(error), "0bc9");
}

TEST(StrandedTask, IsNotWhatAnotherErrorSpeaksOf) {
  const Error error(Code::kInternal,
                    "remove container: failed to set removing state for container \"0bc9\"");
  EXPECT_EQ(stranded_task(error), std::nullopt);
  EXPECT_EQ(stranded_task(Error(Code::kInternal, "cannot delete running task : x")), std::nullopt);
  EXPECT_EQ(stranded_task(Error(Code::kInternal, "cannot delete running task ")), std::nullopt);
}

}  // namespace
}  // namespace sandboxlet::cri
