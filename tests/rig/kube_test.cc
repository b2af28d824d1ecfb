#include "tests/rig/kube_test.h"

namespace sandboxlet::test {

namespace {

class SharedServer : public testing::Environment {
 public:
  Result<> start() {
    if (server_) return {};
    TRY(server_, KubeApiServer::start());
    return {};
  }
  KubeApiServer& get() { return *server_; }

  void TearDown() override {
    if (!server_) return;
    auto stopped = server_->stop();
    EXPECT_TRUE(stopped.has_value()) << stopped.error().message();
    server_.reset();
  }

 private:
  std::unique_ptr<KubeApiServer> server_;
};

// GoogleTest owns it.
SharedServer* const shared = [] {
  auto* environment = new SharedServer;
  testing::AddGlobalTestEnvironment(environment);
  return environment;
}();

}  // namespace

void KubeTest::SetUp() {
  if (KubeApiServer::why_not()) GTEST_SKIP() << *KubeApiServer::why_not();
  auto started = shared->start();
  ASSERT_TRUE(started.has_value()) << started.error().message();
}

KubeApiServer& KubeTest::api() { return shared->get(); }

nlohmann::json KubeTest::ask(const std::string& method, const std::string& path,
                             const std::string& body, const std::string& content_type) {
  auto answer = api().request(method, path, body, content_type);
  if (answer.has_value()) return nlohmann::json::parse(*answer);
  ADD_FAILURE() << answer.error().message();
  return {};
}

}  // namespace sandboxlet::test
