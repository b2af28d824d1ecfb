#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>

#include "agent/volume/death.h"
#include "agent/volume/local_volumes_testing.h"
#include "agent/volume/mounts.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;

using testing::IsEmpty;

// The agent is killed at every step of a call, the next one recovers or not, and calls again.
class DyingVolumesTest : public ImageVolumesTest {
 protected:
  static constexpr size_t kMany = 1000;

  // Kills at each step in turn; before and after are called around each death.
  void die_at_each_step(const std::function<void()>& before, const std::function<bool()>& call,
                        const std::function<void()>& after) {
    for (size_t step = 0; step < kMany && !HasFailure(); ++step) {
      SCOPED_TRACE("killed at step " + std::to_string(step));
      before();
      const bool ended = runs_to_its_end(step, call);
      if (step % 2 == 0) {
        EXPECT_TRUE(volumes_.recover());
      }
      after();
      ASSERT_TRUE(volumes_.remove("pv-1"));
      EXPECT_TRUE(volumes_.recover());
      EXPECT_TRUE(fs::is_empty(root_));
      EXPECT_THAT(loops_of(root_), IsEmpty());
      if (ended) return;
    }
    ADD_FAILURE() << "given up";
  }
  void expect_whole(int64_t size) {
    EXPECT_TRUE(has_all_blocks("pv-1", size));
    const std::string path = stage("pv-1");
    EXPECT_EQ(mode_of(path), 0777U);
    EXPECT_GT(room_in(path), size / 2);
    EXPECT_EQ(mounts_at(path), 1);
    EXPECT_FALSE(volumes_.list()->at(0).record.fresh);
    EXPECT_FALSE(volumes_.list()->at(0).record.growing);
    unstage("pv-1");
  }
};

TEST_F(DyingVolumesTest, Creating) {
  die_at_each_step([] {}, [this] { return volumes_.create("pv-1", image(16 * kMiB)).has_value(); },
                   [this] {
                     create("pv-1", 16 * kMiB);
                     expect_whole(16 * kMiB);
                   });
}

TEST_F(DyingVolumesTest, CreatingADirectory) {
  die_at_each_step([] {}, [this] { return volumes_.create("pv-1", directory(kMiB)).has_value(); },
                   [this] {
                     ASSERT_TRUE(volumes_.create("pv-1", directory(kMiB)));
                     EXPECT_EQ(mode_of(stage("pv-1")), 0777U);
                   });
}

TEST_F(DyingVolumesTest, StagingTheFirstTime) {
  die_at_each_step([this] { create("pv-1", 16 * kMiB); },
                   [this] { return volumes_.stage("pv-1").has_value(); },
                   [this] { expect_whole(16 * kMiB); });
}

TEST_F(DyingVolumesTest, Unstaging) {
  die_at_each_step(
      [this] {
        create("pv-1", 16 * kMiB);
        put(stage("pv-1") + "/file", "kept");
      },
      [this] { return volumes_.unstage("pv-1").has_value(); },
      [this] {
        unstage("pv-1");
        EXPECT_THAT(loops_of(root_), IsEmpty());
        EXPECT_EQ(text_of(stage("pv-1") + "/file"), "kept");
      });
}

TEST_F(DyingVolumesTest, Expanding) {
  die_at_each_step(
      [this] {
        create("pv-1", 16 * kMiB);
        put(stage("pv-1") + "/file", "kept");
        unstage("pv-1");
      },
      [this] { return volumes_.expand("pv-1", 64 * kMiB).has_value(); },
      [this] {
        // As it is wherever that was cut off, and as it ends when it is asked for again.
        EXPECT_EQ(text_of(stage("pv-1") + "/file"), "kept");
        unstage("pv-1");
        EXPECT_EQ(volumes_.expand("pv-1", 64 * kMiB).value(), true);
        expect_whole(64 * kMiB);
      });
}

TEST_F(DyingVolumesTest, ExpandingWhatIsMounted) {
  die_at_each_step(
      [this] {
        create("pv-1", 16 * kMiB);
        put(stage("pv-1") + "/file", "kept");
      },
      [this] { return volumes_.expand("pv-1", 64 * kMiB).has_value(); },
      [this] {
        EXPECT_TRUE(volumes_.expand("pv-1", 64 * kMiB));
        EXPECT_EQ(text_of(stage("pv-1") + "/file"), "kept");
        unstage("pv-1");
        expect_whole(64 * kMiB);
      });
}

TEST_F(DyingVolumesTest, Removing) {
  die_at_each_step(
      [this] {
        create("pv-1", 16 * kMiB);
        put(stage("pv-1") + "/file", "gone");
      },
      [this] { return volumes_.remove("pv-1").has_value(); },
      [this] {
        // It is there whole, or not at all.
        const auto path = volumes_.stage("pv-1");
        EXPECT_TRUE(!path || text_of(*path + "/file") == "gone");
      });
}

TEST_F(DyingVolumesTest, RemovingADirectory) {
  die_at_each_step(
      [this] {
        ASSERT_TRUE(volumes_.create("pv-1", directory(kMiB)));
        fs::create_directories(stage("pv-1") + "/a/b");
      },
      [this] { return volumes_.remove("pv-1").has_value(); },
      [this] {
        const auto path = volumes_.stage("pv-1");
        EXPECT_TRUE(!path || fs::exists(*path + "/a/b"));
      });
}

}  // namespace
}  // namespace sandboxlet::agent
