#include "agent/container/log_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "agent/container/testing.h"
#include "api/time.h"

namespace sandboxlet::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

class LogReaderTest : public testing::Test, public LogDirectory {
 protected:
  std::vector<std::string> read(LogOptions options) {
    auto reader = LogReader::open(path(), 0, options);
    EXPECT_TRUE(reader);
    std::vector<std::string> texts;
    for (;;) {
      const auto next = reader->next([] { return true; });
      EXPECT_TRUE(next);
      if (!next || !*next) return texts;
      texts.push_back((*next)->text);
    }
  }

  // All lines of a reader that follows; step(n) is what happens when it has nothing for the nth
  // time, and says whether that was the end.
  std::vector<std::string> follow(const std::function<bool(int)>& step) {
    auto reader = LogReader::open(path(), 0, {.follow = true});
    EXPECT_TRUE(reader);
    int asked = 0;
    std::vector<std::string> texts;
    for (;;) {
      const auto next = reader->next([&] { return step(asked++); });
      EXPECT_TRUE(next);
      if (!next || !*next) return texts;
      texts.push_back((*next)->text);
    }
  }
};

TEST_F(LogReaderTest, ReadsAcrossRotations) {
  compress("0.log.20260102-030400.gz", log_line(0, "a"));
  append("0.log.20260102-030500", log_line(1, "b"));
  append("0.log", log_line(2, "c"));
  append("0.log.20260102-030400.gz.tmp", "half");
  append("1.log", log_line(9, "of another attempt"));
  EXPECT_THAT(read({}), ElementsAre("a", "b", "c"));
}

TEST_F(LogReaderTest, TailCountsAcrossRotations) {
  compress("0.log.20260102-030400.gz", log_line(0, "a") + log_line(1, "b"));
  append("0.log", log_line(2, "c"));
  EXPECT_THAT(read({.tail = 0}), IsEmpty());
  EXPECT_THAT(read({.tail = 1}), ElementsAre("c"));
  EXPECT_THAT(read({.tail = 2}), ElementsAre("b", "c"));
  EXPECT_THAT(read({.tail = 9}), ElementsAre("a", "b", "c"));
}

TEST_F(LogReaderTest, SinceLeavesOutWhatIsOlder) {
  append("0.log", log_line(0, "a") + log_line(1, "b") + log_line(2, "c"));
  EXPECT_THAT(read({.since = *api::parse_time("2026-01-02T03:04:11Z")}), ElementsAre("b", "c"));
}

TEST_F(LogReaderTest, ReadsWhatWasThereAtItsBeginning) {
  append("0.log", log_line(0, "a"));
  auto reader = LogReader::open(path(), 0, {.tail = 1});
  ASSERT_TRUE(reader);
  append("0.log", log_line(1, "b"));
  const auto never = [] { return true; };
  EXPECT_EQ((*reader->next(never))->text, "a");
  EXPECT_FALSE(*reader->next(never));
}

TEST_F(LogReaderTest, ALogThatIsNotThereIsEmpty) { EXPECT_THAT(read({}), IsEmpty()); }

TEST_F(LogReaderTest, KeepsZeroBytesAndLeavesOutWhatIsNoLine) {
  append("0.log", "garbage\n" + log_line(0, std::string("a\0b", 3)));
  EXPECT_THAT(read({}), ElementsAre(std::string("a\0b", 3)));
}

TEST_F(LogReaderTest, ReadsOnceWhatAnAgentsDeathLeftTwice) {
  compress("0.log.20260102-030400.gz", log_line(0, "a"));
  append("0.log.20260102-030400", log_line(0, "a"));
  append("0.log", log_line(1, "b"));
  EXPECT_THAT(read({}), ElementsAre("a", "b"));
}

TEST_F(LogReaderTest, FollowsNoSymbolicLink) {
  append("other", log_line(0, "secret"));
  std::filesystem::create_symlink("other", path("0.log"));
  EXPECT_THAT(read({}), IsEmpty());
}

TEST_F(LogReaderTest, FollowsThroughARotationAndReadsWhatCameBeforeTheEnd) {
  append("0.log", log_line(0, "a"));
  const auto texts = follow([&](int asked) {
    switch (asked) {
      case 0:
        append("0.log", "2026-01-02T03:04:11Z stdout F half");
        return false;
      case 1:
        append("0.log", " a line\n");
        return false;
      case 2:
        rename("0.log", "0.log.20260102-030400");
        append("0.log.20260102-030400", log_line(2, "late"));
        append("0.log", log_line(3, "new"));
        return false;
      case 3:
        append("0.log", log_line(4, "last"));
        return true;
      default:
        return true;
    }
  });
  EXPECT_THAT(texts, ElementsAre("a", "half a line", "late", "new", "last"));
}

TEST_F(LogReaderTest, FollowsThroughManyRotationsAtOnce) {
  append("0.log.20260102-030400", log_line(0, "a"));
  append("0.log", log_line(1, "b"));
  const auto texts = follow([&](int asked) {
    if (asked > 0) return true;
    // The one that it has open is compressed, with the time of its last line, as every older one.
    const auto written = std::filesystem::last_write_time(path("0.log"));
    std::filesystem::remove(path("0.log"));
    compress("0.log.20260102-030401.gz", log_line(1, "b"));
    std::filesystem::last_write_time(path("0.log.20260102-030401.gz"), written);
    compress("0.log.20260102-030402.gz", log_line(2, "c"));
    append("0.log.20260102-030403", log_line(3, "d"));
    append("0.log", log_line(4, "e"));
    return false;
  });
  EXPECT_THAT(texts, ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(LogReaderTest, FollowsARotationThatIsGivenUp) {
  append("0.log", log_line(0, "a"));
  const auto texts = follow([&](int asked) {
    switch (asked) {
      case 0:
        rename("0.log", "0.log.20260102-030400");
        append("0.log.20260102-030400", log_line(1, "b"));
        return false;
      case 1:
        rename("0.log.20260102-030400", "0.log");
        append("0.log", log_line(2, "c"));
        return false;
      case 2:
        rename("0.log", "0.log.20260102-030405");
        append("0.log", log_line(3, "d"));
        return false;
      default:
        return true;
    }
  });
  EXPECT_THAT(texts, ElementsAre("a", "b", "c", "d"));
}

TEST_F(LogReaderTest, LeavesAFileWhenItsWriterHas) {
  append("0.log", log_line(0, "a"));
  std::optional<std::thread> runtime;
  const auto texts = follow([&](int asked) {
    if (asked > 0) return true;
    // The runtime has more to write to the old file after it made the new one.
    auto old = std::make_shared<std::ofstream>(path("0.log"), std::ios::app);
    rename("0.log", "0.log.20260102-030400");
    append("0.log", log_line(2, "c"));
    runtime.emplace([old] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      *old << log_line(1, "b") << std::flush;
      old->close();
    });
    return false;
  });
  runtime->join();
  EXPECT_THAT(texts, ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace sandboxlet::agent
