#include "agent/suspend/memory_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

constexpr char kMeminfo[] =
    "MemTotal:       24683948 kB\nMemFree:         9283948 kB\nMemAvailable:   23600000 kB\n"
    "SwapCached:            0 kB\nSwapTotal:       2097148 kB\nSwapFree:        1000000 kB\n"
    "HugePages_Total:       0\n";

TEST(MemoryFacts, AreBytes) {
  const auto facts = parse_meminfo(kMeminfo);
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(facts->total, 24683948ULL << 10);
  EXPECT_EQ(facts->available, 23600000ULL << 10);
  EXPECT_EQ(facts->swap_total, 2097148ULL << 10);
  EXPECT_EQ(facts->swap_free, 1000000ULL << 10);
}

TEST(MemoryFacts, ThatAreNotToldAreAnError) {
  const auto facts = parse_meminfo("MemTotal: 1 kB\n");
  EXPECT_EQ(facts.error().code(), Code::kInternal);
  EXPECT_THAT(facts.error().message(), testing::HasSubstr("MemAvailable"));
}

TEST(MemoryFacts, AStallIsTheShortAverageOfSome) {
  EXPECT_EQ(parse_stall("some avg10=12.50 avg60=3.00 avg300=1.00 total=7\n"
                        "full avg10=1.00 avg60=0.00 avg300=0.00 total=3\n"),
            12.5);
}

TEST(MemoryFacts, AKernelMayCountNoStalls) {
  for (const char* text : {"", "full avg10=1.00", "some", "some avg10=", "some avg60=1.00"}) {
    EXPECT_EQ(parse_stall(text), std::nullopt) << text;
  }
}

TEST(MemoryFacts, OfThisMachineAreThere) {
  const auto facts = read_memory_facts();
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_GT(facts->available, 0U);
  EXPECT_GT(facts->total, facts->available);
  EXPECT_GE(facts->swap_total, facts->swap_free);
}

TEST(MemoryFacts, AreNotThereWithoutAProc) {
  EXPECT_EQ(read_memory_facts("/nowhere").error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace sandboxlet::agent
