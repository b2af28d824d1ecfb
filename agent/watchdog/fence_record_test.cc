#include "agent/watchdog/fence_record.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sandboxlet::agent {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const FenceRecord kRecord{seconds(40),
                          {{"hasty", seconds(40)}, {"patient", seconds(340)}, {"tied", {}}}};
const std::vector<std::string> kAll{"hasty", "patient", "tied", "unknown"};

class FenceRecordTest : public testing::Test {
 protected:
  ~FenceRecordTest() override { std::filesystem::remove_all(root_); }
  static std::string make_root() {
    char name[] = "/tmp/fences-XXXXXX";
    return mkdtemp(name);
  }
  Code code_of(const std::string& text) {
    std::ofstream(root_ + "/fences") << text;
    const auto loaded = load_fences(root_);
    return loaded ? Code::kAlreadyExists : loaded.error().code();
  }

  const std::string root_ = make_root();
};

TEST_F(FenceRecordTest, IsReadAsItWasSaved) {
  EXPECT_EQ(load_fences(root_).error().code(), Code::kNotFound);
  ASSERT_TRUE(save_fences(root_, kRecord));
  EXPECT_EQ(*load_fences(root_), kRecord);
  ASSERT_TRUE(save_fences(root_, {seconds(40), {}}));
  EXPECT_EQ(*load_fences(root_), (FenceRecord{seconds(40), {}}));
}

TEST_F(FenceRecordTest, WhatNoAgentWroteIsTakenForNothing) {
  for (const char* text : {"", "lease", "lease soon", "lease -1", "uid 40\n", "lease 40\nuid x\n",
                           "lease 99999999999999999999\n"}) {
    EXPECT_EQ(code_of(text), Code::kInvalidArgument) << text;
  }
}

TEST(Overdue, EachIsSoFourSecondsBeforeItMayBeBoundElsewhere) {
  EXPECT_THAT(overdue(kRecord, seconds(335), {"patient"}), IsEmpty());
  EXPECT_THAT(overdue(kRecord, seconds(336), {"patient"}), ElementsAre("patient"));
}

TEST(Overdue, WhatIsNotRecordedIsSoBeforeTheLeaseEnds) {
  EXPECT_THAT(overdue(kRecord, seconds(35), kAll), IsEmpty());
  EXPECT_THAT(overdue(kRecord, seconds(36), kAll), ElementsAre("hasty", "unknown"));
}

TEST(Overdue, WhatWaitsForItsNodeNeverIs) {
  EXPECT_THAT(overdue(kRecord, hours(1000), {"tied"}), IsEmpty());
}

}  // namespace
}  // namespace sandboxlet::agent
