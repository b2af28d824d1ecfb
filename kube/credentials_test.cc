#include "kube/credentials.h"

#include <gmock/gmock.h>

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <fstream>

#include "api/time.h"
#include "base/manual_loop.h"
#include "kube/exec_plugin.h"

namespace sandboxlet::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Answers 401 to every token but one.
class Doorkeeper final : public Http {
 public:
  Task<Result<HttpResponse>> send(HttpRequest request) override {
    shown.push_back(request.headers.back());
    HttpResponse response;
    response.head.status = shown.back() == "Authorization: Bearer " + good ? 200 : 401;
    co_return response;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest) override {
    co_return Error(Code::kUnimplemented, "no streams here");
  }

  std::string good;
  std::vector<std::string> shown;
};

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "credentials-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~CredentialsTest() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }
  // A plugin that counts its runs and answers what is given.
  ClusterConfig plugin(const std::string& answer) {
    const std::string path =
        write("plugin", "#!/bin/sh\necho run >> " + (folder_ / "runs").string() + "\n" + answer);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    ClusterConfig config;
    config.server = "https://cluster.test";
    config.exec.emplace().command = path;
    return config;
  }
  size_t runs() {
    std::ifstream file(folder_ / "runs");
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
  }
  void use(const ClusterConfig& config) {
    credentials_ = make_credentials(config, loop_.clock(), loop_.io().get_executor());
  }
  std::string token() {
    const auto token = loop_.run(credentials_->token());
    return token ? *token : "error: " + token.error().message();
  }
  int ask(const std::string& good) {
    door_.good = good;
    AuthenticatedHttp http(door_, *credentials_);
    return loop_.run(http.send({}))->head.status;
  }

  ManualLoop loop_;
  std::filesystem::path folder_;
  std::unique_ptr<Credentials> credentials_;
  Doorkeeper door_;
};

TEST_F(CredentialsTest, AFileIsReadAgainAfterAMinute) {
  ClusterConfig config;
  config.token_file = write("token", "first\n");
  use(config);
  EXPECT_EQ(token(), "first");
  write("token", "second\n");
  loop_.run_for(std::chrono::seconds(59));
  EXPECT_EQ(token(), "first");
  loop_.run_for(std::chrono::seconds(1));
  EXPECT_EQ(token(), "second");
}

TEST_F(CredentialsTest, ATokenThatIsRefusedIsReadAgainAtOnce) {
  ClusterConfig config;
  config.token_file = write("token", "old");
  use(config);
  EXPECT_EQ(token(), "old");
  write("token", "new");
  EXPECT_EQ(ask("new"), 200);
  EXPECT_THAT(door_.shown, ElementsAre("Authorization: Bearer old", "Authorization: Bearer new"));
}

TEST_F(CredentialsTest, WhoIsRefusedTwiceHearsIt) {
  ClusterConfig config;
  config.token = "bad";
  use(config);
  EXPECT_EQ(ask("good"), 401);
  EXPECT_EQ(door_.shown.size(), 2U);
}

TEST_F(CredentialsTest, AFileThatVanishesLeavesTheLastToken) {
  ClusterConfig config;
  config.token_file = write("token", "kept");
  use(config);
  EXPECT_EQ(token(), "kept");
  std::filesystem::remove(config.token_file);
  loop_.run_for(std::chrono::minutes(2));
  EXPECT_EQ(token(), "kept");
}

TEST_F(CredentialsTest, AnEmptyFileIsAnError) {
  ClusterConfig config;
  config.token_file = write("token", "\n");
  use(config);
  EXPECT_THAT(token(), HasSubstr("token: empty"));
}

TEST_F(CredentialsTest, APluginIsRunAgainWhenItsTokenExpires) {
  const auto soon = loop_.clock().wall() + std::chrono::minutes(10);
  use(plugin(R"(echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
    "status":{"token":"t","expirationTimestamp":")" +
             api::format_time(soon) + R"("}}')"));
  EXPECT_EQ(token(), "t");
  loop_.run_for(std::chrono::minutes(9));
  EXPECT_EQ(token(), "t");
  EXPECT_EQ(runs(), 1U);
  loop_.run_for(std::chrono::seconds(55));
  EXPECT_EQ(token(), "t");
  EXPECT_EQ(runs(), 2U);
  credentials_->refused();
  EXPECT_EQ(token(), "t");
  EXPECT_EQ(runs(), 3U);
}

TEST_F(CredentialsTest, APluginIsToldWhatItIsFor) {
  ClusterConfig config =
      plugin(R"(token=$(printf %s "$KUBERNETES_EXEC_INFO$GREETING$1" | tr '"' "'")
echo "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",
\"status\":{\"token\":\"$token\"}}")");
  config.exec->provide_cluster_info = true;
  config.exec->env = {{"GREETING", "hello"}};
  config.exec->args = {"argument"};
  use(config);
  EXPECT_THAT(token(), HasSubstr("'server':'https://cluster.test'"));
  EXPECT_THAT(token(), HasSubstr("helloargument"));
}

TEST_F(CredentialsTest, APluginsFailureIsToldInItsOwnWords) {
  use(plugin("echo 'log in first' >&2; exit 3"));
  EXPECT_THAT(token(), HasSubstr("exit code 3: log in first"));
}

TEST_F(CredentialsTest, APluginThatIsNotThereIsToldWithItsHint) {
  ClusterConfig config;
  config.exec.emplace().command = "no-such-plugin";
  config.exec->install_hint = "install it so";
  use(config);
  EXPECT_THAT(token(), HasSubstr("no-such-plugin: not found: install it so"));
  config.exec->command = folder_ / "missing";
  use(config);
  EXPECT_THAT(token(), HasSubstr("missing: not found: install it so"));
}

TEST(ExecCredential, WhatIsNoneIsRefused) {
  for (const char* text : {
           "",
           "[]",
           R"({"kind":"Pod"})",
           R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})",
           R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})",
           R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":7})",
           R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",
               "status":{"token":"t","expirationTimestamp":"soon"}})",
       }) {
    EXPECT_FALSE(read_exec_credential(text)) << text;
  }
}

}  // namespace
}  // namespace sandboxlet::kube
