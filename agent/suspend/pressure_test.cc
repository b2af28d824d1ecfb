#include "agent/suspend/pressure.h"

#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

constexpr PressureLimits kLimits{.available_low = 1000, .stall_high = 20};

class PressureTest : public testing::Test {
 protected:
  PressureTest() {
    memory_.available = 5000;
    memory_.stall_percent = 0;
  }
  Pressure after(Pressure before) const { return next_pressure(before, memory_, pool_, kLimits); }
  Pressure begins() const { return after(Pressure::kNone); }
  Pressure goes_on() const { return after(Pressure::kShort); }

  MemoryFacts memory_;
  PoolMemory pool_;
};

TEST_F(PressureTest, IsNoneWhereThereIsEnough) {
  EXPECT_EQ(begins(), Pressure::kNone);
  EXPECT_EQ(goes_on(), Pressure::kNone);
}

TEST_F(PressureTest, BeginsBelowTheMarkAndEndsAQuarterAboveIt) {
  memory_.available = 999;
  EXPECT_EQ(begins(), Pressure::kShort);
  memory_.available = 1000;
  EXPECT_EQ(begins(), Pressure::kNone);
  memory_.available = 1249;
  EXPECT_EQ(goes_on(), Pressure::kShort);
  memory_.available = 1250;
  EXPECT_EQ(goes_on(), Pressure::kNone);
}

TEST_F(PressureTest, OfStallsEndsAtHalfTheMark) {
  memory_.stall_percent = 20.1;
  EXPECT_EQ(begins(), Pressure::kShort);
  memory_.stall_percent = 20;
  EXPECT_EQ(begins(), Pressure::kNone);
  EXPECT_EQ(goes_on(), Pressure::kShort);
  memory_.stall_percent = 10;
  EXPECT_EQ(goes_on(), Pressure::kNone);
}

TEST_F(PressureTest, IsNotJudgedByStallsThatNobodyCounts) {
  memory_.stall_percent.reset();
  EXPECT_EQ(goes_on(), Pressure::kNone);
}

TEST_F(PressureTest, OfThePoolIsThatLittleOfItsLimitIsLeft) {
  pool_ = {.used = 1501, .limit = 1600};
  EXPECT_EQ(begins(), Pressure::kShort);
  pool_.used = 1500;
  EXPECT_EQ(begins(), Pressure::kNone);
  pool_.used = 1401;
  EXPECT_EQ(goes_on(), Pressure::kShort);
  pool_.used = 1400;
  EXPECT_EQ(goes_on(), Pressure::kNone);
  pool_.used = 1700;
  EXPECT_EQ(begins(), Pressure::kShort);
}

TEST_F(PressureTest, OfThePoolIsNoneWithoutALimit) {
  pool_.used = uint64_t{1} << 40;
  EXPECT_EQ(goes_on(), Pressure::kNone);
}

}  // namespace
}  // namespace sandboxlet::agent
