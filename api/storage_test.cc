#include "api/storage.h"

#include <gtest/gtest.h>

#include <set>

namespace sandboxlet::api {
namespace {

TEST(NodeLabelValue, IsTheNodesNameWhereThatFits) {
  EXPECT_EQ(node_label_value("node-1.example"), "node-1.example");
  EXPECT_EQ(node_label_value(std::string(63, 'n')), std::string(63, 'n'));
}

TEST(NodeLabelValue, StandsForALongNameAndForNoOther) {
  std::set<std::string> values;
  for (int i = 0; i < 100; ++i) {
    const std::string value = node_label_value(std::string(100, 'n') + std::to_string(i));
    EXPECT_LE(value.size(), 63U);
    values.insert(value);
  }
  EXPECT_EQ(values.size(), 100U);
}

}  // namespace
}  // namespace sandboxlet::api
