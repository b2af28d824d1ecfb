#include "base/turns.h"

#include <gmock/gmock.h>

#include "base/manual_loop.h"

namespace sandboxlet {
namespace {

using std::chrono::seconds;

class TurnsTest : public testing::Test {
 protected:
  std::unique_ptr<Turns::Turn> enter(char name) {
    return turns_.enter([this, name] { told_ += name; });
  }

  ManualLoop loop_;
  Turns turns_{loop_.clock(), 2, seconds(5)};
  // Whose turn came after they had entered.
  std::string told_;
};

TEST_F(TurnsTest, ComeAtOnceWhileThereAreAny) {
  const auto a = enter('a');
  const auto b = enter('b');
  const auto c = enter('c');
  EXPECT_TRUE(a->has_come());
  EXPECT_TRUE(b->has_come());
  EXPECT_FALSE(c->has_come());
  EXPECT_EQ(told_, "");
}

TEST_F(TurnsTest, ComeInTheOrderOfEntering) {
  auto a = enter('a');
  auto b = enter('b');
  const auto c = enter('c');
  const auto d = enter('d');
  b.reset();
  EXPECT_TRUE(c->has_come());
  EXPECT_FALSE(d->has_come());
  a.reset();
  EXPECT_TRUE(d->has_come());
  EXPECT_EQ(told_, "cd");
}

TEST_F(TurnsTest, WhoLeavesTheLineHoldsNobodyUp) {
  auto a = enter('a');
  const auto b = enter('b');
  auto c = enter('c');
  const auto d = enter('d');
  c.reset();
  EXPECT_EQ(told_, "");
  a.reset();
  EXPECT_EQ(told_, "d");
  EXPECT_TRUE(d->has_come());
}

TEST_F(TurnsTest, OneThatLastsTooLongLetsTheNextInOnce) {
  auto a = enter('a');
  const auto b = enter('b');
  const auto c = enter('c');
  const auto d = enter('d');
  const auto e = enter('e');
  loop_.run_for(seconds(6));
  EXPECT_EQ(told_, "cd");
  // Its end came too late to let anybody in.
  a.reset();
  EXPECT_EQ(told_, "cd");
  EXPECT_TRUE(c->has_come());
  EXPECT_FALSE(e->has_come());
}

TEST_F(TurnsTest, AreThereAgainWhenAllHaveEnded) {
  for (int i = 0; i < 3; ++i) {
    const auto a = enter('a');
    const auto b = enter('b');
    EXPECT_TRUE(b->has_come());
  }
  EXPECT_EQ(told_, "");
}

}  // namespace
}  // namespace sandboxlet
