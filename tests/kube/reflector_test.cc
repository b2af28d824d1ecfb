#include "kube/reflector.h"

#include <gmock/gmock.h>

#include "kube/client.h"
#include "kube/curl_http.h"
#include "tests/rig/kube_test.h"
#include "tests/rig/recorder.h"

namespace sandboxlet::test {
namespace {

using kube::Client;
using kube::CurlHttp;
using kube::Reflector;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

constexpr kube::Resource kConfigMaps{"", "v1", "configmaps"};

// Notes what a reflector asks for. Where it spoils watch lists the server refuses them, as it does
// where its etcd is too old for them.
class Requests : public kube::Http {
 public:
  explicit Requests(kube::Http& http) : http_(http) {}

  Task<Result<kube::HttpResponse>> send(kube::HttpRequest request) override {
    return http_.send(std::move(request));
  }
  Task<Result<std::unique_ptr<kube::HttpStream>>> open(kube::HttpRequest request) override {
    constexpr std::string_view kNeeded = "&resourceVersionMatch=NotOlderThan";
    const auto at = request.path.find(kNeeded);
    if (spoils_watch_lists && at != std::string::npos) request.path.erase(at, kNeeded.size());
    paths.push_back(request.path);
    return http_.open(std::move(request));
  }

  std::vector<std::string> paths;
  bool spoils_watch_lists = false;

 private:
  kube::Http& http_;
};

class ReflectorTest : public KubeTest {
 protected:
  void SetUp() override {
    KubeTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto config = kube::load_kubeconfig(api().kubeconfig());
    ASSERT_TRUE(config) << config.error().message();
    http_.emplace(loop_.io(), loop_.clock(), *config);
    streams_.emplace(loop_.io(), loop_.clock(), *config);
    requests_.emplace(*streams_);
    client_.emplace(*http_, loop_.clock());
    namespace_ = "reflector-" + std::to_string(++count_);
    const Json made{
        {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", namespace_}}}};
    const kube::ObjectRef namespaces{{"", "v1", "namespaces"}, "", "", ""};
    ASSERT_TRUE(loop_.run(client_->create(namespaces, made)));
  }

  void create(const std::string& name) {
    const Json object{{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata", {{"name", name}, {"labels", {{"kind", "test"}}}}}};
    const auto made = loop_.run(client_->create({kConfigMaps, namespace_, "", ""}, object));
    ASSERT_TRUE(made) << made.error().message();
  }
  void patch(const std::string& name, const Json& patch) {
    const auto done = loop_.run(client_->merge_patch({kConfigMaps, namespace_, name, ""}, patch));
    ASSERT_TRUE(done) << done.error().message();
  }
  void remove(const std::string& name) {
    const auto done = loop_.run(client_->remove({kConfigMaps, namespace_, name, ""}));
    ASSERT_TRUE(done) << done.error().message();
  }
  std::unique_ptr<Reflector> reflect(const std::string& label_selector = "") {
    kube::Selection selection{kConfigMaps, namespace_, "", label_selector};
    return std::make_unique<Reflector>(loop_.io(), loop_.clock(), *requests_, selection, seen_);
  }
  bool has(const std::string& name) { return seen_.objects.contains(name); }

  static int count_;
  CoreLoop loop_;
  std::optional<CurlHttp> http_;
  std::optional<CurlHttp> streams_;
  std::optional<Requests> requests_;
  std::optional<Client> client_;
  std::string namespace_;
  Recorder seen_{loop_};
};
int ReflectorTest::count_ = 0;

TEST_F(ReflectorTest, TellsAllThereIsAndThenEachChangeOverOneStream) {
  create("one");
  create("two");
  const auto reflector = reflect();
  ASSERT_TRUE(seen_.wait_until([&] { return seen_.syncs == 1; }));
  EXPECT_TRUE(has("one") && has("two"));
  create("three");
  EXPECT_TRUE(seen_.wait_until([&] { return has("three"); }));
  patch("one", {{"data", {{"key", "new"}}}});
  EXPECT_TRUE(seen_.wait_until([&] { return seen_.objects["one"].contains("data"); }));
  remove("two");
  EXPECT_TRUE(seen_.wait_until([&] { return !has("two"); }));
  EXPECT_THAT(requests_->paths, ElementsAre(HasSubstr("sendInitialEvents=true")));
}

TEST_F(ReflectorTest, ListsInPagesWhereTheServerServesNoWatchList) {
  constexpr int kMany = 1203;
  for (int i = 0; i < kMany; ++i) create("many-" + std::to_string(i));
  requests_->spoils_watch_lists = true;
  const auto reflector = reflect();
  ASSERT_TRUE(seen_.wait_until([&] { return seen_.syncs == 1; }));
  EXPECT_EQ(seen_.objects.size(), kMany);
  create("later");
  EXPECT_TRUE(seen_.wait_until([&] { return has("later"); }));
  EXPECT_THAT(requests_->paths,
              ElementsAre(HasSubstr("sendInitialEvents=true"), Not(HasSubstr("continue=")),
                          HasSubstr("continue="), HasSubstr("continue="), HasSubstr("watch=1")));
}

TEST_F(ReflectorTest, LeavingTheSelectionIsToldAsGone) {
  create("one");
  const auto reflector = reflect("kind=test");
  ASSERT_TRUE(seen_.wait_until([&] { return has("one"); }));
  patch("one", {{"metadata", {{"labels", {{"kind", "other"}}}}}});
  EXPECT_TRUE(seen_.wait_until([&] { return !has("one"); }));
  EXPECT_THAT(seen_.went, ElementsAre("one"));
}

TEST_F(ReflectorTest, GoesOnWhereItWasWhenTheServerComesBack) {
  create("one");
  const auto reflector = reflect();
  ASSERT_TRUE(seen_.wait_until([&] { return seen_.syncs == 1 && seen_.is_connected; }));
  ASSERT_TRUE(api().kill());
  ASSERT_TRUE(seen_.wait_until([&] { return !seen_.is_connected; }));
  ASSERT_TRUE(api().restart());
  create("two");
  EXPECT_TRUE(seen_.wait_until([&] { return has("two") && seen_.is_connected; }));
  EXPECT_TRUE(has("one"));
}

TEST_F(ReflectorTest, SyncsAnewWhenItsVersionIsCompactedAway) {
  create("one");
  create("two");
  auto reflector = reflect();
  ASSERT_TRUE(seen_.wait_until([&] { return seen_.syncs == 1 && seen_.is_connected; }));
  ASSERT_TRUE(api().kill());
  ASSERT_TRUE(seen_.wait_until([&] { return !seen_.is_connected; }));
  ASSERT_TRUE(api().restart());
  // While this one still waits to come back.
  remove("two");
  for (int i = 0; i < 3; ++i) create("later-" + std::to_string(i));
  ASSERT_TRUE(api().compact_etcd());
  ASSERT_TRUE(api().kill());
  ASSERT_TRUE(api().restart());
  // Not before the sync's end: until then what it has not told yet looks gone.
  EXPECT_TRUE(seen_.wait_until([&] { return has("later-2") && !seen_.went.empty(); }));
  EXPECT_THAT(seen_.went, Contains("two"));
}

}  // namespace
}  // namespace sandboxlet::test
