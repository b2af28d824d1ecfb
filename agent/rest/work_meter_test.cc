#include "agent/rest/work_meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

// One Sandbox whose gauges a test sets.
class WorkMeterTest : public testing::Test {
 protected:
  WorkMeterTest() { look(); }

  bool look(Duration passed = seconds(1)) {
    now_ += passed;
    return meter_.look({{"u-1", pid_}}, now_).front();
  }
  void use_cpu(Duration time) { *cpu_ += static_cast<uint64_t>(time.count()); }

  Result<uint64_t> cpu_ = 0;
  Result<uint64_t> bytes_ = 0;
  int looks_at_data_ = 0;
  int opened_ = 0;
  bool has_network_ = true;
  pid_t pid_ = 7;
  TimePoint now_{seconds(100)};
  WorkMeter meter_{{[this](const std::string&) {
                      ++opened_;
                      return WorkGauges::Counter([this] { return cpu_; });
                    },
                    [this](pid_t) -> Result<WorkGauges::Counter> {
                      if (!has_network_) return Error(Code::kFailedPrecondition, "the node's");
                      return WorkGauges::Counter([this] { return ++looks_at_data_, bytes_; });
                    }},
                   10};
};

TEST_F(WorkMeterTest, WhatIsSeenForTheFirstTimeHasWork) {
  EXPECT_THAT(meter_.look({{"u-1", pid_}, {"u-2", 8}}, now_ + seconds(1)),
              ElementsAre(false, true));
}

TEST_F(WorkMeterTest, AHundredthOfAProcessorIsWorkAndLessIsNone) {
  use_cpu(milliseconds(9));
  EXPECT_FALSE(look());
  use_cpu(milliseconds(10));
  EXPECT_TRUE(look());
  EXPECT_FALSE(look());
}

TEST_F(WorkMeterTest, TheShareIsOfTheTimeThatHasPassed) {
  use_cpu(milliseconds(15));
  EXPECT_FALSE(look(seconds(2)));
  use_cpu(milliseconds(20));
  EXPECT_TRUE(look(seconds(2)));
}

TEST_F(WorkMeterTest, MovedDataIsWorkHoweverLittleItCosts) {
  use_cpu(milliseconds(1));
  *bytes_ += 1;
  EXPECT_TRUE(look());
  use_cpu(milliseconds(1));
  EXPECT_FALSE(look());
}

TEST_F(WorkMeterTest, WhatUsesNoProcessorIsNotAskedForData) {
  const int before = looks_at_data_;
  EXPECT_FALSE(look());
  EXPECT_EQ(looks_at_data_, before);
}

TEST_F(WorkMeterTest, ABusyOnesDataCountAsSeen) {
  use_cpu(milliseconds(100));
  *bytes_ += 1000;
  EXPECT_TRUE(look());
  use_cpu(milliseconds(1));
  EXPECT_FALSE(look());
}

TEST_F(WorkMeterTest, WhatCannotBeLookedAtHasWork) {
  cpu_ = Error(Code::kNotFound, "gone");
  EXPECT_TRUE(look());
  cpu_ = 0;
  EXPECT_FALSE(look());
  use_cpu(milliseconds(1));
  bytes_ = Error(Code::kInternal, "no answer");
  EXPECT_TRUE(look());
}

TEST_F(WorkMeterTest, WhatCountsProcessorTimeIsOpenedOnceAndAnewAfterAFailure) {
  look();
  look();
  EXPECT_EQ(opened_, 1);
  cpu_ = Error(Code::kInternal, "gone");
  look();
  EXPECT_EQ(opened_, 1);
  cpu_ = 0;
  look();
  EXPECT_EQ(opened_, 2);
}

TEST_F(WorkMeterTest, AnotherProcessIsLookedAtAnew) {
  pid_ = 8;
  EXPECT_TRUE(look());
  EXPECT_FALSE(look());
}

TEST_F(WorkMeterTest, OneThatSharesTheNodesNetworkIsJudgedByItsProcessorTime) {
  has_network_ = false;
  pid_ = 8;
  look();
  use_cpu(milliseconds(1));
  EXPECT_FALSE(look());
  use_cpu(milliseconds(100));
  EXPECT_TRUE(look());
}

TEST_F(WorkMeterTest, WhatWasNotLookedAtForAWhileIsSeenForTheFirstTimeAgain) {
  static_cast<void>(meter_.look({}, now_));
  EXPECT_TRUE(look());
}

}  // namespace
}  // namespace sandboxlet::agent
