#include "agent/container/log_rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/time.h"

namespace sandboxlet::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr RotationLimits kLimits{.max_size = 100, .max_files = 4};
const WallTime kNow = *api::parse_time("2026-01-02T03:04:05.9Z");

Rotation plan(const std::vector<LogFile>& files, const RotationLimits& limits = kLimits) {
  const auto rotation = plan_rotation(files, 3, limits, kNow);
  EXPECT_TRUE(rotation);
  return rotation.value_or(Rotation());
}

TEST(LogRotation, LeavesASmallLogAlone) {
  EXPECT_EQ(plan_rotation({{"3.log", 99}, {"3.log.20260101-000000.gz.tmp", 1}}, 3, kLimits, kNow),
            std::nullopt);
}

TEST(LogRotation, NamesTheFullOneByTheTimeInUtc) {
  const Rotation rotation = plan({{"3.log", 100}});
  EXPECT_EQ(rotation.rename_to, "3.log.20260102-030405");
  EXPECT_THAT(rotation.remove, IsEmpty());
  EXPECT_THAT(rotation.compress, IsEmpty());
}

TEST(LogRotation, CompressesAllRotatedOnesButTheNewest) {
  const Rotation rotation = plan({{"3.log.20260102-000000", 100},
                                  {"3.log", 100},
                                  {"3.log.20260101-000000.gz", 10},
                                  {"2.log.20260101-000000", 100}});
  EXPECT_THAT(rotation.compress, ElementsAre("3.log.20260102-000000"));
  EXPECT_THAT(rotation.remove, IsEmpty());
}

TEST(LogRotation, RemovesTheOldestSoThatAllFilesAreSoMany) {
  const Rotation rotation = plan({{"3.log", 100},
                                  {"3.log.20260101-000000.gz", 10},
                                  {"3.log.20260101-000001.gz", 10},
                                  {"3.log.20260101-000002.gz", 10},
                                  {"3.log.20260101-000003", 10}});
  EXPECT_THAT(rotation.remove, ElementsAre("3.log.20260101-000001.gz", "3.log.20260101-000000.gz"));
  EXPECT_THAT(rotation.compress, ElementsAre("3.log.20260101-000003"));
}

TEST(LogRotation, KeepsTheNewestAndNoneBesideItWhereTwoAreAllowed) {
  const Rotation rotation =
      plan({{"3.log", 100}, {"3.log.20260101-000000", 10}}, {.max_size = 100, .max_files = 2});
  EXPECT_THAT(rotation.remove, ElementsAre("3.log.20260101-000000"));
  EXPECT_EQ(rotation.rename_to, "3.log.20260102-030405");
}

TEST(LogRotation, RemovesRatherThanCompressesWhatTakesTooMuch) {
  const Rotation rotation =
      plan({{"3.log", 390}, {"3.log.20260101-000002", 10}, {"3.log.20260101-000001.gz", 5}});
  EXPECT_THAT(rotation.remove, ElementsAre("3.log.20260101-000002", "3.log.20260101-000001.gz"));
  EXPECT_THAT(rotation.compress, IsEmpty());
  EXPECT_THAT(plan({{"3.log", 5000}}).remove, IsEmpty());
}

TEST(LogRotation, RemovesWhatAnAgentsDeathLeft) {
  const Rotation rotation = plan({{"3.log", 100},
                                  {"3.log.20260101-000000", 10},
                                  {"3.log.20260101-000000.gz", 5},
                                  {"3.log.20260101-000001.gz.tmp", 5},
                                  {"3.log.20260101-000001", 10},
                                  {"2.log.20260101-000001.gz.tmp", 5}});
  EXPECT_THAT(rotation.remove,
              ElementsAre("3.log.20260101-000000", "3.log.20260101-000001.gz.tmp"));
  EXPECT_THAT(rotation.compress, ElementsAre("3.log.20260101-000001"));
}

TEST(LogRotation, RenamesNothingWhereAnAgentDiedAfterRenaming) {
  const Rotation rotation = plan({{"3.log.20260102-000000", 500}, {"3.log.20260101-000000", 10}});
  EXPECT_EQ(rotation.rename_to, "");
  EXPECT_THAT(rotation.remove, ElementsAre("3.log.20260101-000000"));
  EXPECT_THAT(rotation.compress, IsEmpty());
}

TEST(LogRotation, NamesTellTheOrderWhereTheClockWasSetBack) {
  EXPECT_EQ(plan({{"3.log", 100}, {"3.log.20260102-030405.gz", 1}}).rename_to,
            "3.log.20260102-030406");
  EXPECT_EQ(plan({{"3.log", 100}, {"3.log.20260102-030459", 1}}).rename_to,
            "3.log.20260102-030500");
  EXPECT_EQ(plan({{"3.log", 100}, {"3.log.29991231-235959", 1}}).rename_to,
            "3.log.30000101-000000");
}

TEST(LogRotation, LeavesAloneWhatIsNoneOfItsFiles) {
  const Rotation rotation = plan({{"3.log", 100},
                                  {"3.log.bak", 900},
                                  {"33.log.20260101-000000", 900},
                                  {"3.log.20260101-00000x", 900}});
  EXPECT_THAT(rotation.remove, IsEmpty());
  EXPECT_THAT(rotation.compress, IsEmpty());
}

}  // namespace
}  // namespace sandboxlet::agent
