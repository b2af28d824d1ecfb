#include "agent/claims/resize.h"

#include <gtest/gtest.h>

#include "agent/claims/testing/objects.h"

namespace sandboxlet::agent {
namespace {

using Json = nlohmann::json;

constexpr int64_t kGiB = int64_t{1} << 30;
const WallTime kNow{std::chrono::seconds(1'800'000'000)};

KnownClaim claim(const Json& conditions = nullptr) {
  Json object = bound_claim("pv");
  if (!conditions.is_null()) object["status"]["conditions"] = conditions;
  return read_claim(object);
}

TEST(ResizeStatus, TellsTheSizeAndNothingElseWhereNothingElseIsToBeSaid) {
  EXPECT_EQ(resize_status(claim(), kGiB, true, kNow),
            Json::parse(R"({"capacity": {"storage": "1Gi"}})"));
  EXPECT_EQ(resize_status(claim(), 2 * kGiB, true, kNow)["capacity"]["storage"], "2147483648");
}

TEST(ResizeStatus, SaysWhatItWaitsForUntilThatIsDone) {
  const Json waits = resize_status(claim(), kGiB, false, kNow);
  EXPECT_FALSE(waits.contains("capacity"));
  EXPECT_EQ(waits["conditions"][0]["type"], "FileSystemResizePending");
  const KnownClaim waiting = claim(waits["conditions"]);
  EXPECT_TRUE(waits_for_resize(waiting));
  EXPECT_EQ(resize_status(waiting, kGiB, true, kNow)["conditions"], Json::array());
}

TEST(ResizeStatus, KeepsWhatOthersSay) {
  const Json theirs{{"type", "ModifyingVolume"}, {"status", "True"}};
  const Json status = resize_status(claim(Json::array({theirs})), kGiB, false, kNow);
  EXPECT_EQ(status["conditions"].size(), 2u);
  EXPECT_EQ(status["conditions"][0], theirs);
}

}  // namespace
}  // namespace sandboxlet::agent
