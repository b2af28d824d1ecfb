#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "kube/curl_http.h"
#include "tests/rig/core_loop.h"
#include "tests/rig/kube_test.h"

namespace sandboxlet::test {
namespace {

using kube::CurlHttp;
using kube::HttpRequest;
using testing::HasSubstr;

constexpr char kConfigMaps[] = "/api/v1/namespaces/default/configmaps";

class HttpTest : public KubeTest {
 protected:
  void SetUp() override {
    KubeTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto config = kube::load_kubeconfig(api().kubeconfig());
    ASSERT_TRUE(config) << config.error().message();
    config_ = *config;
    http_ = std::make_unique<CurlHttp>(loop_.io(), loop_.clock(), config_);
  }

  static HttpRequest get(const std::string& path) {
    HttpRequest request;
    request.path = path;
    return request;
  }
  static HttpRequest config_map(const std::string& name, const std::string& value) {
    HttpRequest request;
    request.method = "POST";
    request.path = kConfigMaps;
    request.headers = {"Content-Type: application/json"};
    request.body = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
                   R"("},"data":{"value":")" + value + R"("}})";
    return request;
  }
  // From after one that is made first. Without a version the server would tell what there is.
  HttpRequest watch(const std::string& first, const std::string& more) {
    const auto created = send(config_map(first, "first"));
    EXPECT_TRUE(created && created->head.status == 201);
    const auto object = nlohmann::json::parse(created ? created->body : "{}", nullptr, false);
    const std::string version = object["metadata"].value("resourceVersion", "");
    return get(std::string(kConfigMaps) + "?watch=1&resourceVersion=" + version + more);
  }
  Result<kube::HttpResponse> send(HttpRequest request) {
    return loop_.run(http_->send(std::move(request)));
  }

  CoreLoop loop_;
  kube::ClusterConfig config_;
  std::unique_ptr<CurlHttp> http_;
};

TEST_F(HttpTest, AnswersWithTheServersOwnStatusAndBody) {
  const auto version = send(get("/version"));
  ASSERT_TRUE(version) << version.error().message();
  EXPECT_EQ(version->head.status, 200);
  EXPECT_EQ(version->head.headers.at("content-type"), "application/json");
  EXPECT_TRUE(nlohmann::json::parse(version->body).contains("gitVersion"));
  const auto nobody = send(get(std::string(kConfigMaps) + "/nobody"));
  ASSERT_TRUE(nobody) << nobody.error().message();
  EXPECT_EQ(nobody->head.status, 404);
  EXPECT_EQ(nlohmann::json::parse(nobody->body)["reason"], "NotFound");
}

TEST_F(HttpTest, CarriesLargeBodiesBothWays) {
  const std::string value(900'000, 'x');
  const auto created = send(config_map("large", value));
  ASSERT_TRUE(created) << created.error().message();
  EXPECT_EQ(created->head.status, 201) << created->body.substr(0, 500);
  const auto read = send(get(std::string(kConfigMaps) + "/large"));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(nlohmann::json::parse(read->body)["data"]["value"], value);
}

TEST_F(HttpTest, AnswersManyAtOnce) {
  constexpr int kRequests = 100;
  int answered = 0;
  std::optional<bool> all;
  for (int i = 0; i < kRequests; ++i) {
    auto note = [&](std::exception_ptr failure, Result<kube::HttpResponse> response) {
      die_on_exception(failure);
      if (response && response->head.status == 200) ++answered;
      if (answered == kRequests) all = true;
    };
    asio::co_spawn(loop_.io(), http_->send(get("/version")), note);
  }
  EXPECT_TRUE(loop_.wait_for(all));
}

TEST_F(HttpTest, AStreamTellsEachEventAsItComes) {
  auto opened = loop_.run(
      http_->open(watch("before", "&timeoutSeconds=30&fieldSelector=metadata.name%3Dseen")));
  ASSERT_TRUE(opened) << opened.error().message();
  const auto stream = std::move(*opened);
  EXPECT_EQ(stream->head().status, 200);
  ASSERT_EQ(send(config_map("seen", "now"))->head.status, 201);
  const auto event = loop_.run(stream->read());
  ASSERT_TRUE(event) << event.error().message();
  EXPECT_THAT(*event, HasSubstr(R"("type":"ADDED")"));
}

TEST_F(HttpTest, AStreamsEndIsAnEmptyPiece) {
  auto opened = loop_.run(http_->open(watch("ends", "&timeoutSeconds=1")));
  ASSERT_TRUE(opened) << opened.error().message();
  const auto stream = std::move(*opened);
  for (;;) {
    const auto piece = loop_.run(stream->read());
    ASSERT_TRUE(piece) << piece.error().message();
    if (piece->empty()) break;
  }
}

TEST_F(HttpTest, AStreamThatIsGivenUpLeavesTheOthers) {
  auto opened = loop_.run(http_->open(watch("given-up", "&timeoutSeconds=30")));
  ASSERT_TRUE(opened) << opened.error().message();
  opened->reset();
  EXPECT_EQ(send(get("/version"))->head.status, 200);
}

TEST_F(HttpTest, AStreamMayGoWhileItIsRead) {
  auto opened = loop_.run(http_->open(watch("goes", "&timeoutSeconds=30")));
  ASSERT_TRUE(opened) << opened.error().message();
  std::optional<Result<std::string>> end;
  auto note = [&end](std::exception_ptr failure, Result<std::string> piece) {
    die_on_exception(failure);
    end = std::move(piece);
  };
  asio::co_spawn(loop_.io(), (*opened)->read(), note);
  loop_.io().restart();
  loop_.io().poll();
  opened->reset();
  EXPECT_EQ(loop_.wait_for(end).error().code(), Code::kCancelled);
}

TEST_F(HttpTest, AServerThatCannotBeTrustedIsNotAsked) {
  config_.ca = "";
  CurlHttp stranger(loop_.io(), loop_.clock(), config_);
  const auto version = loop_.run(stranger.send(get("/version")));
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().code(), Code::kUnavailable);
  EXPECT_THAT(version.error().message(), HasSubstr("certificate"));
}

TEST_F(HttpTest, ARequestWithoutAnAnswerEndsInTime) {
  HttpRequest request = watch("late", "&timeoutSeconds=30");
  request.timeout = std::chrono::milliseconds(200);
  // A watch's body does not end before its time.
  const auto late = send(request);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::kDeadlineExceeded);
}

TEST_F(HttpTest, AServerThatIsAwayIsUnavailableAndFoundAgain) {
  ASSERT_TRUE(api().kill());
  const auto away = send(get("/version"));
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code(), Code::kUnavailable);
  ASSERT_TRUE(api().restart());
  const auto back = send(get("/version"));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->head.status, 200);
}

}  // namespace
}  // namespace sandboxlet::test
