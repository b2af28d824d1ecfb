#include "agent/suspend/hierarchies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kRoot[] = "/sys/fs/cgroup";
constexpr char kV1[] =
    "30 23 0:26 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755\n"
    "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 30 0:28 / /sys/fs/cgroup/freezer rw shared:11 - cgroup cgroup rw,freezer\n"
    "33 30 0:29 / /sys/fs/cgroup/systemd rw shared:12 - cgroup cgroup rw,xattr,name=systemd\n";
constexpr char kUnified[] =
    "34 30 0:30 / /sys/fs/cgroup/unified rw,nosuid shared:13 master:2 - cgroup2 cgroup2 rw\n";
constexpr char kV2[] =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";

TEST(Hierarchies, OfV1AreFoundByController) {
  const Hierarchies found = parse_hierarchies(kV1, kRoot);
  EXPECT_EQ(found.v1.at("cpu"), "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(found.v1.at("cpuacct"), "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(found.v1.at("freezer"), "/sys/fs/cgroup/freezer");
  EXPECT_EQ(found.v2, "");
  EXPECT_EQ(make_cgroups_v1("/pool", found)->layout(), CgroupLayout::kV1);
}

TEST(Hierarchies, AreEachCountedOnceAndNamedOnesToo) {
  EXPECT_THAT(parse_hierarchies(kV1, kRoot).mounts(),
              ElementsAre("/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/freezer",
                          "/sys/fs/cgroup/systemd"));
}

TEST(Hierarchies, OfAHybridAreV1sAndTheUnifiedOne) {
  const Hierarchies found = parse_hierarchies(std::string(kV1) + kUnified, kRoot);
  EXPECT_TRUE(found.v1.contains("freezer"));
  EXPECT_EQ(found.v2, "/sys/fs/cgroup/unified");
  EXPECT_EQ(found.mounts().size(), 4U);
  EXPECT_EQ(make_cgroups_v1("/pool", found)->layout(), CgroupLayout::kHybrid);
}

TEST(Hierarchies, OfV2AreOne) {
  const Hierarchies found = parse_hierarchies(kV2, kRoot);
  EXPECT_THAT(found.v1, IsEmpty());
  EXPECT_THAT(found.mounts(), ElementsAre(kRoot));
  EXPECT_EQ(make_cgroups_v2("/pool", found)->layout(), CgroupLayout::kV2);
}

TEST(Hierarchies, ElsewhereDoNotCount) {
  EXPECT_THAT(parse_hierarchies(kV2, "/sys/fs/cgro").mounts(), IsEmpty());
  EXPECT_THAT(parse_hierarchies(kV2, "/elsewhere").mounts(), IsEmpty());
  EXPECT_THAT(parse_hierarchies("", kRoot).mounts(), IsEmpty());
  EXPECT_THAT(parse_hierarchies("a torn line\n- cgroup2\n", kRoot).mounts(), IsEmpty());
}

TEST(Hierarchies, AProcessIsInOneCgroupOfEach) {
  const std::string text =
      "4:cpu,cpuacct:/one\n3:freezer:/two/three\n1:name=systemd:/a:b\n0::/unified\n";
  EXPECT_EQ(cgroup_of(text, "cpuacct"), "/one");
  EXPECT_EQ(cgroup_of(text, "freezer"), "/two/three");
  EXPECT_EQ(cgroup_of(text, "name=systemd"), "/a:b");
  EXPECT_EQ(cgroup_of(text, ""), "/unified");
  EXPECT_EQ(cgroup_of(text, "acct"), "");
  EXPECT_EQ(cgroup_of("3:freezer:/x\n", ""), "");
}

}  // namespace
}  // namespace sandboxlet::agent
