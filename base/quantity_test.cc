#include "base/quantity.h"

#include <gtest/gtest.h>

#include <limits>

namespace sandboxlet {
namespace {

struct Case {
  const char* text;
  int64_t value;
  int64_t milli;
};

class QuantityParse : public testing::TestWithParam<Case> {};

TEST_P(QuantityParse, IsExactAndRoundsAwayFromZero) {
  auto quantity = Quantity::parse(GetParam().text);
  ASSERT_TRUE(quantity.has_value()) << quantity.error().message();
  EXPECT_EQ(quantity->value(), GetParam().value);
  EXPECT_EQ(quantity->milli_value(), GetParam().milli);
}

constexpr int64_t kTop = std::numeric_limits<int64_t>::max();

INSTANTIATE_TEST_SUITE_P(
    All, QuantityParse,
    testing::Values(Case{"0", 0, 0}, Case{"1", 1, 1000}, Case{"500m", 1, 500},
                    Case{"1500m", 2, 1500}, Case{"0.1", 1, 100}, Case{".5", 1, 500},
                    Case{"5.", 5, 5000}, Case{"100u", 1, 1}, Case{"1n", 1, 1},
                    Case{"0.0000000001", 1, 1}, Case{"1k", 1000, 1'000'000},
                    Case{"2e3", 2000, 2'000'000}, Case{"2E-3", 1, 2},
                    Case{"1E", 1'000'000'000'000'000'000, kTop}, Case{"1Ki", 1024, 1'024'000},
                    Case{"1.5Gi", 1'610'612'736, 1'610'612'736'000},
                    Case{"128Mi", 134'217'728, 134'217'728'000}, Case{"-1", -1, -1000},
                    Case{"-500m", -1, -500}, Case{"+3", 3, 3000}, Case{"9Ei", kTop, kTop},
                    Case{"1e100", kTop, kTop}, Case{"99999999999999999999", kTop, kTop}));

class QuantityRefused : public testing::TestWithParam<const char*> {};

TEST_P(QuantityRefused, IsNoQuantity) {
  auto quantity = Quantity::parse(GetParam());
  ASSERT_FALSE(quantity.has_value());
  EXPECT_EQ(quantity.error().code(), Code::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(All, QuantityRefused,
                         testing::Values("", "-", ".", "Mi", "1 Gi", "1gi", "1KiB", "1e", "1e+",
                                         "1.2.3", "0x10", "ten", "1e1x", "--1"));

TEST(Quantity, ComparesAcrossSuffixes) {
  EXPECT_EQ(*Quantity::parse("1"), *Quantity::parse("1000m"));
  EXPECT_LT(*Quantity::parse("1G"), *Quantity::parse("1Gi"));
  EXPECT_EQ(Quantity::from_milli(1500), *Quantity::parse("1.5"));
}

TEST(Quantity, SumsStayAtTheBound) {
  const Quantity top = Quantity::from_value(kTop);
  EXPECT_EQ((top + top).value(), kTop);
  EXPECT_EQ((*Quantity::parse("250m") + *Quantity::parse("750m")).value(), 1);
}

}  // namespace
}  // namespace sandboxlet
