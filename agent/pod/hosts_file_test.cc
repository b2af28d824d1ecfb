#include "agent/pod/hosts_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(HostsFile, NamesThePodBesideLocalhost) {
  api::Sandbox sandbox;
  sandbox.metadata.name = "box";
  const std::string text = hosts_file(sandbox, {"10.0.0.2", "fd00::2"});
  EXPECT_THAT(text, HasSubstr("127.0.0.1\tlocalhost\n"));
  EXPECT_THAT(text, EndsWith("10.0.0.2\tbox\nfd00::2\tbox\n"));
}

TEST(HostsFile, AContainerMayBringItsOwn) {
  api::Container container;
  EXPECT_TRUE(wants_hosts_file(container));
  container.volumeMounts.emplace_back().mountPath = "/etc/hosts";
  EXPECT_FALSE(wants_hosts_file(container));
}

}  // namespace
}  // namespace sandboxlet::agent
