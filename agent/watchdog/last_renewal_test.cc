#include "agent/watchdog/last_renewal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/manual_clock.h"

namespace sandboxlet::agent {
namespace {

using std::chrono::seconds;

class LastRenewalTest : public testing::Test {
 protected:
  ~LastRenewalTest() override { std::filesystem::remove_all(root_); }

  static std::string make_root() {
    char name[] = "/tmp/renewal-XXXXXX";
    return mkdtemp(name);
  }
  // As it would be after another boot.
  void write(int64_t seconds_ago) {
    std::ofstream(root_ + "/lease-renewed")
        << "another-boot 123456789 " << time(nullptr) - seconds_ago << '\n';
  }

  bool save(Duration age) { return save_renewal(root_, clock_, clock_.now() - age).has_value(); }

  ManualClock clock_;
  const std::string root_ = make_root();
};

TEST_F(LastRenewalTest, IsRememberedAsOldAsItWas) {
  EXPECT_FALSE(age_of_renewal(root_));
  ASSERT_TRUE(save(seconds(30)));
  EXPECT_GE(*age_of_renewal(root_), seconds(30));
  EXPECT_LT(*age_of_renewal(root_), seconds(90));
  ASSERT_TRUE(save({}));
  EXPECT_LT(*age_of_renewal(root_), seconds(30));
}

TEST_F(LastRenewalTest, IsJudgedByTheWallClockAcrossABoot) {
  write(600);
  EXPECT_GE(*age_of_renewal(root_), seconds(600));
  EXPECT_LT(*age_of_renewal(root_), seconds(660));
  // A clock that was set back tells nothing.
  write(-600);
  EXPECT_LT(*age_of_renewal(root_), seconds(60));
}

TEST_F(LastRenewalTest, AFileThatIsNotItsOwnIsNone) {
  std::ofstream(root_ + "/lease-renewed") << "half";
  EXPECT_FALSE(age_of_renewal(root_));
}

}  // namespace
}  // namespace sandboxlet::agent
