#include "kube/cluster_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kube/base64.h"

namespace sandboxlet::kube {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class ClusterConfigTest : public testing::Test {
 protected:
  ~ClusterConfigTest() override { fs::remove_all(folder_); }

  static std::string make_folder() {
    char name[] = "/tmp/kubeconfig-XXXXXX";
    return mkdtemp(name);
  }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  // A kubeconfig with one context, whose user and cluster are given.
  Result<ClusterConfig> load(const std::string& cluster, const std::string& user) {
    put("config", R"({"current-context":"here","contexts":[{"name":"there","context":{}},
          {"name":"here","context":{"cluster":"c","user":"u","namespace":"team"}}],
          "clusters":[{"name":"c","cluster":)" +
                      cluster + R"(}],
          "users":[{"name":"u","user":)" +
                      user + "}]}");
    return load_kubeconfig(folder_ + "/config");
  }
  std::string refusal(const std::string& cluster, const std::string& user) {
    const auto config = load(cluster, user);
    return config ? "" : config.error().message();
  }

  const std::string folder_ = make_folder();
};

constexpr char kCluster[] = R"({"server":"https://10.0.0.1:6443/"})";

TEST_F(ClusterConfigTest, TakesWhatIsEmbeddedBeforeWhatIsInFiles) {
  put("ca.crt", "from a file");
  const auto config = load(
      R"({"server":"https://a","certificate-authority-data":"ZW1iZWRkZWQ=",
          "certificate-authority":"ca.crt","insecure-skip-tls-verify":true})",
      R"({"client-certificate-data":"Y2VydA==","client-key-data":"a2V5","token":"secret"})");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->server, "https://a");
  EXPECT_EQ(config->ca, "embedded");
  EXPECT_TRUE(config->skip_verify);
  EXPECT_EQ(config->client_certificate, "cert");
  EXPECT_EQ(config->client_key, "key");
  EXPECT_EQ(config->token, "secret");
  EXPECT_EQ(config->namespace_, "team");
}

TEST_F(ClusterConfigTest, FilesStandBesideTheKubeconfig) {
  put("ca.crt", "from a file");
  const auto config = load(R"({"server":"https://a/","certificate-authority":"ca.crt"})",
                           R"({"tokenFile":"token","token":"old"})");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->server, "https://a");
  EXPECT_EQ(config->ca, "from a file");
  EXPECT_EQ(config->token_file, folder_ + "/token");
  EXPECT_EQ(config->token, "");
}

TEST_F(ClusterConfigTest, ReadsACredentialPlugin) {
  const auto config = load(kCluster, R"({"exec":{"apiVersion":"client.authentication.k8s.io/v1",
      "command":"login","args":["--now"],"env":[{"name":"A","value":"1"}],
      "installHint":"get it","provideClusterInfo":true,"interactiveMode":"Never"}})");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->exec->command, "login");
  EXPECT_THAT(config->exec->args, ElementsAre("--now"));
  EXPECT_THAT(config->exec->env, ElementsAre(Pair("A", "1")));
  EXPECT_TRUE(config->exec->provide_cluster_info);
}

TEST_F(ClusterConfigTest, RefusesByPathWhatItCannotDo) {
  EXPECT_THAT(refusal(R"({"server":"https://a","proxy-url":"http://p"})", "{}"),
              HasSubstr("clusters[0].cluster.proxy-url: not supported"));
  EXPECT_THAT(refusal(R"({"server":"https://a","tls-server-name":"b"})", "{}"),
              HasSubstr("clusters[0].cluster.tls-server-name: not supported"));
  EXPECT_THAT(refusal(kCluster, R"({"auth-provider":{}})"),
              HasSubstr("users[0].user.auth-provider: not supported"));
  EXPECT_THAT(refusal(kCluster, R"({"client-certificate-data":"Y2VydA=="})"),
              HasSubstr("go together"));
  EXPECT_THAT(refusal(kCluster, R"({"exec":{"apiVersion":"v1beta1","command":"x"}})"),
              HasSubstr("users[0].user.exec.apiVersion: Unsupported value"));
  EXPECT_THAT(refusal("{}", "{}"), HasSubstr("clusters[0].cluster.server: Required value"));
  EXPECT_THAT(refusal(R"({"server":"https://a","certificate-authority-data":"!"})", "{}"),
              HasSubstr("certificate-authority-data: not base64"));
  EXPECT_THAT(load_kubeconfig(folder_ + "/config", "nowhere").error().message(),
              HasSubstr("contexts: there is no entry \"nowhere\""));
  EXPECT_EQ(load_kubeconfig(folder_ + "/absent").error().code(), Code::kNotFound);
}

TEST_F(ClusterConfigTest, APodFindsItsOwn) {
  put("token", "t");
  put("ca.crt", "ca");
  put("namespace", "team");
  unsetenv("KUBERNETES_SERVICE_HOST");
  EXPECT_EQ(in_cluster_config(folder_).error().code(), Code::kNotFound);
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  const auto config = in_cluster_config(folder_);
  unsetenv("KUBERNETES_SERVICE_HOST");
  unsetenv("KUBERNETES_SERVICE_PORT");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->server, "https://[fd00::1]:443");
  EXPECT_EQ(config->token_file, folder_ + "/token");
  EXPECT_EQ(config->ca, "ca");
  EXPECT_EQ(config->namespace_, "team");
}

TEST(Base64, IsReadWithItsPadding) {
  EXPECT_EQ(*decode_base64(""), "");
  EXPECT_EQ(*decode_base64("YQ=="), "a");
  EXPECT_EQ(*decode_base64("YWI="), "ab");
  EXPECT_EQ(*decode_base64("YWJj\nZGVm\n"), "abcdef");
  for (const char* text : {"Y", "YQ", "YWJj!", "Y=Q="}) EXPECT_FALSE(decode_base64(text)) << text;
}

}  // namespace
}  // namespace sandboxlet::kube
