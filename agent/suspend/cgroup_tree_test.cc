#include "agent/suspend/cgroup_tree.h"

#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

// A freezer that stays half frozen for the first tries, as v1's does over an execve.
class StubbornTree final : public CgroupTree {
 public:
  explicit StubbornTree(int stubborn_tries) : CgroupTree("/pool", {}), left_(stubborn_tries) {}

  int tries = 0;
  bool asked = false;
  bool readable = true;
  bool thaws = true;

  CgroupLayout layout() const override { return CgroupLayout::kV1; }
  Result<> kill(const std::string&) override { return {}; }

 private:
  Result<> make(const std::string&) override { return {}; }
  Result<> limit(const std::string&, const CgroupLimits&) override { return {}; }
  Result<CgroupUsage> read_usage(const std::string&) override { return CgroupUsage(); }
  Result<CpuCounter> open_cpu(const std::string&) override { return CpuCounter(); }
  Result<> open_swap(const std::string&) override { return {}; }
  Result<> close_swap(const std::string&) override { return {}; }
  Result<> push(const std::string&, ReclaimStop&) override { return {}; }
  ReclaimSupport read_support(const std::string&) const override {
    return ReclaimSupport::kSupported;
  }
  Result<PoolMemory> read_pool(const std::string&) override { return PoolMemory(); }
  std::string main_controller() const override { return ""; }
  std::string main_path(const std::string& path) const override { return path; }

  Result<> write_frozen(const std::string&, bool frozen) override {
    if (frozen) ++tries;
    asked = frozen;
    return {};
  }
  Result<FreezerState> read_state(const std::string&) override {
    if (!readable) return Error(Code::kInternal, "no answer");
    if (!asked) return thaws ? FreezerState::kThawed : FreezerState::kFrozen;
    return tries > left_ ? FreezerState::kFrozen : FreezerState::kFreezing;
  }

  const int left_;
};

TEST(CgroupTree, FreezesAtTheFirstTryWhereNothingHinders) {
  StubbornTree tree(0);
  EXPECT_TRUE(tree.freeze("box"));
  EXPECT_EQ(tree.tries, 1);
  EXPECT_TRUE(tree.asked);
}

TEST(CgroupTree, ThawsAndTriesAgainWhatStaysHalfFrozen) {
  StubbornTree tree(3);
  EXPECT_TRUE(tree.freeze("box"));
  EXPECT_EQ(tree.tries, 4);
  EXPECT_TRUE(tree.asked);
}

TEST(CgroupTree, GivesUpThawedWhatNeverFreezes) {
  StubbornTree tree(1000);
  const auto frozen = tree.freeze("box");
  EXPECT_EQ(frozen.error().code(), Code::kFailedPrecondition);
  EXPECT_FALSE(tree.asked);
  EXPECT_EQ(*tree.state("box"), FreezerState::kThawed);
}

TEST(CgroupTree, ThawsWhatItCannotLookAt) {
  StubbornTree tree(0);
  tree.readable = false;
  EXPECT_EQ(tree.freeze("box").error().message(), "no answer");
  EXPECT_FALSE(tree.asked);
}

TEST(CgroupTree, TakesNoMemoryFromWhatIsNotFrozen) {
  StubbornTree tree(0);
  ReclaimStop stop;
  EXPECT_EQ(tree.reclaim("box", stop).error().code(), Code::kFailedPrecondition);
}

TEST(CgroupTree, SaysSoWhenAThawHasNoEffect) {
  StubbornTree tree(0);
  tree.thaws = false;
  EXPECT_EQ(tree.thaw("box").error().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace sandboxlet::agent
