#include "scheduler-shim/network/names.h"

#include <gtest/gtest.h>

namespace sandboxlet::network {
namespace {

// The published vectors of FNV-1a.
TEST(Names, TheHashIsFnv1aOf32Bits) {
  EXPECT_EQ(name_hash(""), "811c9dc5");
  EXPECT_EQ(name_hash("a"), "e40c292c");
  EXPECT_EQ(name_hash("foobar"), "bf9cf968");
}

TEST(Names, ASliceHasItsServicesNameAndItsFamily) {
  EXPECT_EQ(slice_name("box", "IPv4"), "box-ipv4");
  EXPECT_EQ(slice_name("box-service", "IPv6"), "box-service-ipv6");
}

}  // namespace
}  // namespace sandboxlet::network
