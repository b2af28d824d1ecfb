#include "scheduler-shim/taints.h"

#include <gtest/gtest.h>

namespace sandboxlet::scheduler {
namespace {

const Taint kTaint{"key", "value", TaintEffect::kNoSchedule};

struct Case {
  const char* what;
  Toleration toleration;
  bool tolerated;
};

TEST(Taints, AreToleratedAsCoreSays) {
  for (const auto& [what, toleration, tolerated] : std::initializer_list<Case>{
           {"the same value", {"key", false, "value"}, true},
           {"another value", {"key", false, "other"}, false},
           {"any value", {"key", true, ""}, true},
           {"another key", {"other", true, ""}, false},
           {"every key", {"", true, ""}, true},
           {"no key, which only tolerates with Exists", {"", false, "value"}, false},
           {"its effect", {"key", true, "", false, TaintEffect::kNoSchedule}, true},
           {"another effect", {"key", true, "", false, TaintEffect::kNoExecute}, false},
       }) {
    EXPECT_EQ(tolerates({toleration}, kTaint), tolerated) << what;
  }
}

TEST(Taints, ThoseThatOnlyDissuadeKeepNobodyAway) {
  const Taint dissuades{"a", "", TaintEffect::kPreferNoSchedule};
  const Taint expels{"b", "", TaintEffect::kNoExecute};
  EXPECT_EQ(find_untolerated({dissuades}, {}), nullptr);
  const std::vector<Taint> taints{dissuades, expels, kTaint};
  EXPECT_EQ(find_untolerated(taints, {}), &taints[1]);
  EXPECT_EQ(find_untolerated(taints, {{"b", true, ""}}), &taints[2]);
}

}  // namespace
}  // namespace sandboxlet::scheduler
