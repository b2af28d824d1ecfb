#include "agent/container/rotate_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "agent/container/testing.h"
#include "api/time.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

constexpr RotationLimits kLimits{.max_size = 10, .max_files = 3};
const WallTime kNow = *api::parse_time("2026-01-02T03:04:05Z");

class RotateFilesTest : public testing::Test, public LogDirectory {
 protected:
  Rotation begin() {
    const auto rotation = begin_rotation(path(), 0, kLimits, kNow);
    EXPECT_TRUE(rotation && *rotation);
    return rotation && *rotation ? **rotation : Rotation();
  }
  Result<> compress_all(const std::vector<std::string>& names, std::stop_token stop = {}) {
    return compress_logs(path(), names, stop);
  }
};

TEST_F(RotateFilesTest, SeesWhatIsTooLargeAndWhatIsMissing) {
  append("0.log", "123456789");
  EXPECT_FALSE(needs_rotation(path(), 0, kLimits));
  append("0.log", "0");
  EXPECT_TRUE(needs_rotation(path(), 0, kLimits));
  EXPECT_TRUE(needs_rotation(path(), 1, kLimits));
}

TEST_F(RotateFilesTest, RotatesNothingThroughASymbolicLink) {
  append("other", "0123456789");
  fs::create_symlink("other", path("0.log"));
  EXPECT_FALSE(needs_rotation(path(), 0, kLimits));
  append("1.log", "0123456789");
  fs::create_symlink("other", path("1.log.20260101-000000"));
  ASSERT_TRUE(begin_rotation(path(), 1, {.max_size = 10, .max_files = 2}, kNow));
  EXPECT_THAT(names(),
              ElementsAre("0.log", "1.log.20260101-000000", "1.log.20260102-030405", "other"));
  EXPECT_FALSE(compress_all({"1.log.20260101-000000"}));
  EXPECT_EQ(text("other"), "0123456789");
  fs::create_directory_symlink(".", path("linked"));
  EXPECT_FALSE(begin_rotation(path("linked"), 0, kLimits, kNow));
}

TEST_F(RotateFilesTest, RemovesThenRenames) {
  append("0.log", "0123456789");
  append("0.log.20260101-000000.gz", "old");
  append("0.log.20260101-000001", "b");
  append("0.log.20260101-000001.gz.tmp", "half");
  EXPECT_THAT(begin().compress, ElementsAre("0.log.20260101-000001"));
  EXPECT_THAT(names(), ElementsAre("0.log.20260101-000001", "0.log.20260102-030405"));
}

TEST_F(RotateFilesTest, GivesTheLogItsNameBack) {
  append("0.log", "0123456789");
  const Rotation rotation = begin();
  ASSERT_TRUE(undo_rotation(path(), 0, rotation));
  EXPECT_THAT(names(), ElementsAre("0.log"));
}

TEST_F(RotateFilesTest, LeavesTheNewLogOfARuntimeWhoseAnswerWasLost) {
  append("0.log", "0123456789");
  const Rotation rotation = begin();
  append("0.log", "new");
  ASSERT_TRUE(undo_rotation(path(), 0, rotation));
  EXPECT_EQ(text("0.log"), "new");
  EXPECT_EQ(text("0.log.20260102-030405"), "0123456789");
}

TEST_F(RotateFilesTest, ACompressedFilePassesForTheOther) {
  const std::string content(300'000, 'x');
  append("0.log.20260101-000000", content);
  fs::permissions(path("0.log.20260101-000000"), fs::perms(0644));
  const auto written = fs::last_write_time(path("0.log.20260101-000000"));
  ASSERT_TRUE(compress_all({"0.log.20260101-000000"}));
  EXPECT_THAT(names(), ElementsAre("0.log.20260101-000000.gz"));
  const std::string compressed = path("0.log.20260101-000000.gz");
  EXPECT_LT(fs::file_size(compressed), content.size() / 10);
  EXPECT_EQ(text("0.log.20260101-000000.gz"), content);
  EXPECT_EQ(fs::last_write_time(compressed), written);
  EXPECT_EQ(fs::status(compressed).permissions(), fs::perms(0640));
}

TEST_F(RotateFilesTest, WhatIsStillWrittenIsNotCompressed) {
  std::ofstream writer(path("0.log.20260101-000000"));
  ASSERT_TRUE(compress_all({"0.log.20260101-000000"}));
  EXPECT_THAT(names(), ElementsAre("0.log.20260101-000000"));
  writer.close();
  ASSERT_TRUE(compress_all({"0.log.20260101-000000"}));
  EXPECT_THAT(names(), ElementsAre("0.log.20260101-000000.gz"));
}

TEST_F(RotateFilesTest, AStopLeavesTheLogAsItWas) {
  append("0.log.20260101-000000", std::string(300'000, 'x'));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(compress_all({"0.log.20260101-000000"}, stop.get_token()).error().code(),
            Code::kCancelled);
  EXPECT_THAT(names(), ElementsAre("0.log.20260101-000000"));
}

TEST_F(RotateFilesTest, WhatIsGoneIsNotFound) {
  EXPECT_EQ(begin_rotation(path("gone"), 0, kLimits, kNow).error().code(), Code::kNotFound);
  EXPECT_EQ(compress_all({"0.log.20260101-000000"}).error().code(), Code::kNotFound);
  EXPECT_EQ(undo_rotation(path(), 0, {.rename_to = "0.log.20260101-000000"}).error().code(),
            Code::kNotFound);
}

TEST_F(RotateFilesTest, RemovesTheLogsOfAttemptsBefore) {
  for (const char* name : {"0.log", "1.log.20260101-000000.gz", "1.log.20260101-000000.gz.tmp",
                           "2.log", "10.log", "0.logs", "x.log", "notes"}) {
    append(name, "x");
  }
  ASSERT_TRUE(remove_logs_before(path(), 2));
  EXPECT_THAT(names(), ElementsAre("0.logs", "10.log", "2.log", "notes", "x.log"));
}

}  // namespace
}  // namespace sandboxlet::agent
