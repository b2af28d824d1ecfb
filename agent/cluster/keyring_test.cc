#include "agent/cluster/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kube/base64.h"

namespace sandboxlet::agent {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Names = std::vector<std::string>;

Json secret(const Json& auths) {
  return {{"type", "kubernetes.io/dockerconfigjson"},
          {"data", {{".dockerconfigjson", kube::encode_base64(Json{{"auths", auths}}.dump())}}}};
}
Json user(const std::string& name) { return {{"username", name}, {"password", "p"}}; }

// Who is asked for the image, where each URL's user is called as the URL is.
Names asked(const std::vector<std::string>& urls, const std::string& image) {
  Json auths = Json::object();
  for (const auto& url : urls) auths[url] = user(url);
  Keyring keyring;
  EXPECT_TRUE(keyring.add(secret(auths)));
  Names names;
  for (const auto& config : keyring.lookup(image)) names.push_back(config.username());
  return names;
}

TEST(Keyring, MatchesAsTheKubeletDoes) {
  struct Case {
    std::string url;
    std::string image;
    bool matches;
  };
  const Case cases[] = {
      {"registry.example", "registry.example/a/b:1", true},
      {"registry.example", "registry.example/a", true},
      {"registry.example", "other.example/a", false},
      {"registry.example", "sub.registry.example/a", false},
      {"https://registry.example", "registry.example/a", true},
      {"http://registry.example/", "registry.example/a", true},
      {"https://registry.example/v2/", "registry.example/a", true},
      {"https://registry.example/v1/a", "registry.example/a/b", true},
      {"https://registry.example/v1/a", "registry.example/b", false},
      {"registry.example:5000", "registry.example:5000/a", true},
      {"registry.example:5000", "registry.example/a", false},
      {"registry.example", "registry.example:5000/a", false},
      {"localhost:5000", "localhost:5000/a@sha256:0123", true},
      {"*.example", "registry.example/a", true},
      {"*.example", "a.registry.example/a", false},
      {"*.*.example", "a.registry.example/a", true},
      {"reg*.example", "registry.example/a", true},
      {"registry.?xample", "registry.example/a", true},
      {"registry.example/a", "registry.example/a/b", true},
      {"registry.example/a", "registry.example/ab", true},
      {"registry.example/a", "registry.example/b", false},
      {"*.example/a/b", "registry.example/a/b:1", true},
      {"*.example/a/b", "registry.example/a", false},
      {"https://index.docker.io/v1/", "busybox", true},
      {"https://index.docker.io/v1/", "someone/busybox:1", true},
      {"https://index.docker.io/v1/", "docker.io/someone/busybox", true},
      {"https://index.docker.io/v1/", "registry.example/busybox", false},
      {"docker.io", "busybox", true},
      {"docker.io/library", "busybox", true},
      {"docker.io/someone", "busybox", false},
  };
  for (const auto& [url, image, matches] : cases) {
    EXPECT_EQ(!asked({url}, image).empty(), matches) << url << " for " << image;
  }
}

TEST(Keyring, LongerPathsComeFirst) {
  EXPECT_THAT(asked({"registry.example", "registry.example/a/b", "registry.example/a",
                     "registry.example/c"},
                    "registry.example/a/b"),
              ElementsAre("registry.example/a/b", "registry.example/a", "registry.example"));
}

TEST(Keyring, AllSecretsOfOneRegistryAreTried) {
  Keyring keyring;
  EXPECT_TRUE(keyring.add(secret({{"registry.example", user("one")}})));
  EXPECT_TRUE(keyring.add(secret({{"registry.example", user("two")}})));
  const auto found = keyring.lookup("registry.example/a");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].username(), "one");
  EXPECT_EQ(found[1].username(), "two");
}

TEST(Keyring, ReadsTheOlderConfigurationToo) {
  const Json old = {
      {"type", "kubernetes.io/dockercfg"},
      {"data",
       {{".dockercfg", kube::encode_base64(Json{{"registry.example", user("me")}}.dump())}}}};
  Keyring keyring;
  EXPECT_TRUE(keyring.add(old));
  EXPECT_EQ(keyring.lookup("registry.example/a").at(0).username(), "me");
}

TEST(Keyring, AuthIsBothInOneWithPaddingOrWithout) {
  for (const char* auth : {"bWU6cDpxcQ==", "bWU6cDpxcQ"}) {
    Keyring keyring;
    EXPECT_TRUE(keyring.add(secret({{"registry.example", {{"auth", auth}, {"username", "x"}}}})));
    const auto found = keyring.lookup("registry.example/a");
    EXPECT_EQ(found.at(0).username(), "me");
    EXPECT_EQ(found.at(0).password(), "p:qq");
  }
}

TEST(Keyring, SecretsOfOtherTypesAddNothing) {
  Json opaque = secret({{"registry.example", user("me")}});
  opaque["type"] = "Opaque";
  Keyring keyring;
  EXPECT_TRUE(keyring.add(opaque));
  EXPECT_THAT(keyring.lookup("registry.example/a"), IsEmpty());
}

TEST(Keyring, WhatIsNoConfigurationIsRefusedWithoutItsContent) {
  const auto refusal = [](const Json& data) {
    Keyring keyring;
    const auto added = keyring.add(
        {{"type", "kubernetes.io/dockerconfigjson"}, {"data", {{".dockerconfigjson", data}}}});
    return added ? "" : added.error().message();
  };
  EXPECT_NE(refusal("%"), "");
  EXPECT_NE(refusal(kube::encode_base64("hunter2")), "");
  EXPECT_NE(refusal(kube::encode_base64(R"({"auths": []})")), "");
  const auto entry = refusal(kube::encode_base64(R"({"auths": {"a": {"auth": "aHVudGVyMg=="}}})"));
  EXPECT_EQ(entry, "auth is not base64 of \"username:password\"");
  EXPECT_THAT(refusal(kube::encode_base64("hunter2")), Not(HasSubstr("hunter2")));
}

TEST(Keyring, ARepositoryHasItsRegistryAndNoTag) {
  EXPECT_EQ(repository_of("busybox"), "docker.io/library/busybox");
  EXPECT_EQ(repository_of("busybox:1.36"), "docker.io/library/busybox");
  EXPECT_EQ(repository_of("someone/box@sha256:01"), "docker.io/someone/box");
  EXPECT_EQ(repository_of("index.docker.io/busybox"), "docker.io/library/busybox");
  EXPECT_EQ(repository_of("localhost/box:1"), "localhost/box");
  EXPECT_EQ(repository_of("registry.example:5000/a/b:1@sha256:01"), "registry.example:5000/a/b");
}

}  // namespace
}  // namespace sandboxlet::agent
