#include "agent/container/log_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "api/time.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

std::string line(int second, const std::string& text) {
  return "2026-01-02T03:04:" + std::to_string(10 + second) + ".5Z stdout F " + text + "\n";
}

TEST(LogFormat, ReadsALineOfEachKind) {
  const auto full = parse_log_line("2026-01-02T03:04:05.123456789Z stdout F some text ");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->text, "some text ");
  EXPECT_FALSE(full->is_stderr || full->partial);
  EXPECT_EQ(full->time.time_since_epoch().count() % 1'000'000'000, 123456789);
  const auto part = parse_log_line("2026-01-02T03:04:05+01:00 stderr P:x ");
  ASSERT_TRUE(part);
  EXPECT_TRUE(part->is_stderr && part->partial);
  EXPECT_EQ(part->text, "");
}

TEST(LogFormat, RefusesWhatIsNoLine) {
  for (const char* text : {"", "x", "2026-01-02T03:04:05Z stdout F", "now stdout F x",
                           "2026-01-02T03:04:05Z out F x", "2026-01-02T03:04:05Z stdout X x"}) {
    EXPECT_FALSE(parse_log_line(text)) << text;
  }
}

TEST(LogFormat, LivesThroughAnyBytes) {
  std::mt19937_64 random(testing::UnitTest::GetInstance()->random_seed());
  const std::string valid = "2026-01-02T03:04:05.123456789Z stdout F text";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = valid;
    for (int change = 0; change < 3; ++change) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    text.resize(random() % (text.size() + 1));
    static_cast<void>(parse_log_line(text));
  }
}

class LogReaderTest : public testing::Test {
 protected:
  ~LogReaderTest() override { fs::remove_all(directory_); }

  static std::string make_directory() {
    char name[] = "/tmp/logs-XXXXXX";
    return mkdtemp(name);
  }
  void append(const std::string& file, const std::string& text) {
    std::ofstream(directory_ + "/" + file, std::ios::app) << text;
  }
  void compress(const std::string& file, const std::string& text) {
    const gzFile to = gzopen((directory_ + "/" + file).c_str(), "wb");
    gzwrite(to, text.data(), text.size());
    gzclose(to);
  }
  std::vector<std::string> read(LogOptions options) {
    auto reader = LogReader::open(directory_, 0, options);
    EXPECT_TRUE(reader);
    std::vector<std::string> texts;
    for (;;) {
      const auto next = reader->next([] { return true; });
      EXPECT_TRUE(next);
      if (!next || !*next) return texts;
      texts.push_back((*next)->text);
    }
  }

  const std::string directory_ = make_directory();
};

TEST_F(LogReaderTest, ReadsAcrossRotations) {
  compress("0.log.20260102-030400.gz", line(0, "a"));
  append("0.log.20260102-030500", line(1, "b"));
  append("0.log", line(2, "c"));
  append("0.log.20260102-030400.gz.tmp", "half");
  append("1.log", line(9, "of another attempt"));
  EXPECT_THAT(read({}), ElementsAre("a", "b", "c"));
}

TEST_F(LogReaderTest, TailCountsAcrossRotations) {
  compress("0.log.20260102-030400.gz", line(0, "a") + line(1, "b"));
  append("0.log", line(2, "c"));
  EXPECT_THAT(read({.tail = 0}), IsEmpty());
  EXPECT_THAT(read({.tail = 1}), ElementsAre("c"));
  EXPECT_THAT(read({.tail = 2}), ElementsAre("b", "c"));
  EXPECT_THAT(read({.tail = 9}), ElementsAre("a", "b", "c"));
}

TEST_F(LogReaderTest, SinceLeavesOutWhatIsOlder) {
  append("0.log", line(0, "a") + line(1, "b") + line(2, "c"));
  EXPECT_THAT(read({.since = *api::parse_time("2026-01-02T03:04:11Z")}), ElementsAre("b", "c"));
}

TEST_F(LogReaderTest, ALogThatIsNotThereIsEmpty) { EXPECT_THAT(read({}), IsEmpty()); }

TEST_F(LogReaderTest, KeepsZeroBytesAndLeavesOutWhatIsNoLine) {
  append("0.log", "garbage\n" + line(0, std::string("a\0b", 3)));
  EXPECT_THAT(read({}), ElementsAre(std::string("a\0b", 3)));
}

TEST_F(LogReaderTest, FollowsThroughARotationAndReadsWhatCameBeforeTheEnd) {
  append("0.log", line(0, "a"));
  auto reader = LogReader::open(directory_, 0, {.follow = true});
  ASSERT_TRUE(reader);
  int asked = 0;
  // Each time that the reader has nothing, something new happens.
  auto ended = [&] {
    switch (asked++) {
      case 0:
        append("0.log", "2026-01-02T03:04:11Z stdout F half");
        return false;
      case 1:
        append("0.log", " a line\n");
        return false;
      case 2:
        fs::rename(directory_ + "/0.log", directory_ + "/0.log.20260102-030400");
        append("0.log.20260102-030400", line(2, "late"));
        append("0.log", line(3, "new"));
        return false;
      case 3:
        append("0.log", line(4, "last"));
        return true;
      default:
        return true;
    }
  };
  std::vector<std::string> texts;
  for (;;) {
    const auto next = reader->next(ended);
    ASSERT_TRUE(next);
    if (!*next) break;
    texts.push_back((*next)->text);
  }
  EXPECT_THAT(texts, ElementsAre("a", "half a line", "late", "new", "last"));
}

}  // namespace
}  // namespace sandboxlet::agent
