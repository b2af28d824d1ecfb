#include "scheduler-shim/network/endpoint_slice.h"

#include <gmock/gmock.h>

#include "scheduler-shim/network/testing/reaches.h"

namespace sandboxlet::network {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::vector<EndpointSlice> slices(const Reach& reach) {
  return slices_of(headless_service(reach), reach);
}

Reach reach_at(const Json& ips) { return read_reach(box({{"status", {{"podIPs", ips}}}})); }

TEST(EndpointSlices, ThereIsOneForEachFamily) {
  EXPECT_THAT(slices(reach_at(Json::array())), IsEmpty());
  const auto both = slices(reach_at({"10.0.0.2", "fd00::2", "10.0.0.3"}));
  ASSERT_THAT(both, SizeIs(2));
  EXPECT_EQ(both[0].name, "box-ipv4");
  EXPECT_EQ(both[0].address, "10.0.0.2");
  EXPECT_EQ(both[1].name, "box-ipv6");
  EXPECT_EQ(both[1].family, "IPv6");
}

TEST(EndpointSlices, AreTheObjectsThatProxiesRead) {
  const Reach reach = read_reach(box());
  const Json object = new_slice(slices(reach).front(), reach);
  EXPECT_EQ(object["addressType"], "IPv4");
  EXPECT_EQ(object["metadata"]["labels"]["kubernetes.io/service-name"], "box");
  EXPECT_EQ(object["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"],
            "sandboxlet.io");
  EXPECT_EQ(object["metadata"]["ownerReferences"][0]["uid"], "u-1");
  EXPECT_EQ(object["endpoints"], Json::parse(R"([{
      "addresses": ["10.0.0.2"], "nodeName": "node-1",
      "conditions": {"ready": true, "serving": true, "terminating": false}}])"));
  EXPECT_EQ(object["ports"], Json::parse(R"([
      {"name": "http", "port": 8080, "protocol": "TCP"},
      {"name": "dns", "port": 53, "protocol": "UDP"}])"));
}

TEST(EndpointSlices, AsTheServerShowsThemTheyAreTheSame) {
  const Json changes[] = {
      Json::object(),
      {{"status", {{"conditions", nullptr}}}},
      {{"metadata", {{"deletionTimestamp", "2026-01-02T03:04:05Z"}}}},
      {{"status", {{"nodeName", nullptr}}}},
  };
  for (const Json& change : changes) {
    const Reach reach = read_reach(box(change));
    const EndpointSlice slice = slices(reach).front();
    const KnownSlice known = read_slice(shown(new_slice(slice, reach), "e-1"));
    EXPECT_EQ(known.slice, slice) << change;
    EXPECT_EQ(known.uid, "e-1");
  }
}

TEST(EndpointSlices, APatchMakesOneOfTheOther) {
  const Reach before = read_reach(box());
  const Reach after = read_reach(box(
      {{"status", {{"podIPs", {"10.0.0.9"}}, {"nodeName", "node-2"}, {"conditions", nullptr}}}}));
  Json object = shown(new_slice(slices(before).front(), before), "e-1");
  const EndpointSlice wanted = slices(after).front();
  object.merge_patch(slice_patch(wanted, read_slice(object)));
  EXPECT_EQ(read_slice(object).slice, wanted);
}

}  // namespace
}  // namespace sandboxlet::network
