#include "kube/fake_api_server.h"

#include <gmock/gmock.h>

#include "base/manual_loop.h"
#include "tests/kube/server_rules.h"

namespace sandboxlet::kube {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kPath[] = "/apis/agents.x-k8s.io/v1beta1/sandboxes";

class FakeApiServerTest : public testing::Test {
 protected:
  ~FakeApiServerTest() override { server_.client_died(false); }

  static ObjectRef box(const std::string& name, std::string_view subresource = {}) {
    return {kSandboxes, "default", name, subresource};
  }
  Json create(const std::string& name, const std::string& node = "") {
    server_.objects().create(box(name), {{"metadata", {{"labels", {{"app", name}}}}}});
    if (node.empty()) return server_.objects().get(box(name)).body;
    return bind(name, node);
  }
  Json bind(const std::string& name, const std::string& node) {
    return server_.objects()
        .merge_patch(box(name, "status"), {{"status", {{"nodeName", node}}}})
        .body;
  }
  static HttpRequest get(const std::string& query) {
    HttpRequest request;
    request.path = kPath + query;
    return request;
  }
  Result<HttpResponse> send(HttpRequest request) {
    return loop_.run(server_.send(std::move(request)));
  }
  Json list(const std::string& query) { return Json::parse(send(get(query))->body); }
  std::unique_ptr<HttpStream> open(const std::string& query) {
    auto stream = loop_.run(server_.open(get(query)));
    return stream ? std::move(*stream) : nullptr;
  }
  // The event that comes next, where each comes by itself.
  Json next(HttpStream& stream) {
    auto piece = loop_.run(stream.read());
    return piece ? Json::parse(*piece) : Json(piece.error().message());
  }
  static std::vector<std::string> names(const Json& list) {
    std::vector<std::string> all;
    for (const Json& item : list["items"]) all.push_back(item["metadata"]["name"]);
    return all;
  }

  ManualLoop loop_;
  FakeApiServer server_{loop_.clock()};
};

TEST_F(FakeApiServerTest, KeepsTheRulesThatARealOneKeeps) {
  test::ServerRulesCheck([&](HttpRequest request) {
    auto answer = send(std::move(request));
    EXPECT_TRUE(answer) << answer.error().message();
    return answer ? *answer : HttpResponse();
  }).run();
}

TEST_F(FakeApiServerTest, ListsWhatIsSelected) {
  create("one", "n1");
  create("two", "n2");
  create("three");
  EXPECT_THAT(names(list("")), ElementsAre("one", "three", "two"));
  EXPECT_THAT(names(list("?fieldSelector=status.nodeName%3Dn1")), ElementsAre("one"));
  EXPECT_THAT(names(list("?fieldSelector=status.nodeName%3D")), ElementsAre("three"));
  EXPECT_THAT(names(list("?fieldSelector=metadata.name%21%3Done")), ElementsAre("three", "two"));
  EXPECT_THAT(names(list("?labelSelector=app%3Dtwo")), ElementsAre("two"));
  EXPECT_THAT(names(list("?labelSelector=none")), ElementsAre());
}

TEST_F(FakeApiServerTest, AllPagesShowOneVersion) {
  for (const char* name : {"a", "b", "c"}) create(name);
  const Json first = list("?limit=2");
  EXPECT_THAT(names(first), ElementsAre("a", "b"));
  server_.objects().remove(box("c"));
  create("d");
  const std::string token = first["metadata"]["continue"];
  const Json second = list("?limit=2&continue=" + token);
  EXPECT_THAT(names(second), ElementsAre("c"));
  EXPECT_EQ(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
  EXPECT_EQ(second["metadata"]["continue"], "");
  server_.objects().compact();
  EXPECT_EQ(send(get("?limit=2&continue=" + token))->head.status, 410);
}

TEST_F(FakeApiServerTest, AWatchListEndsItsBeginningWithABookmark) {
  create("one");
  const auto stream =
      open("?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersion=");
  auto all = loop_.run(stream->read());
  ASSERT_TRUE(all);
  EXPECT_THAT(*all, HasSubstr(R"("type":"ADDED")"));
  EXPECT_THAT(*all, HasSubstr(R"("k8s.io/initial-events-end":"true")"));
  create("two");
  EXPECT_EQ(next(*stream)["object"]["metadata"]["name"], "two");
  const Json bookmark = next(*stream);
  EXPECT_EQ(bookmark["type"], "BOOKMARK");
  EXPECT_EQ(bookmark["object"]["metadata"]["resourceVersion"],
            std::to_string(server_.objects().version()));
}

TEST_F(FakeApiServerTest, LeavingTheSelectionIsToldWithTheObjectBeforeAndTheVersionAfter) {
  const std::string version = create("one", "n1")["metadata"]["resourceVersion"];
  const auto stream =
      open("?watch=1&fieldSelector=status.nodeName%3Dn1&resourceVersion=" + version);
  const std::string after = bind("one", "n2")["metadata"]["resourceVersion"];
  const Json event = next(*stream);
  EXPECT_EQ(event["type"], "DELETED");
  EXPECT_EQ(event["object"]["status"]["nodeName"], "n1");
  EXPECT_EQ(event["object"]["metadata"]["resourceVersion"], after);
}

TEST_F(FakeApiServerTest, WhatIsCompactedAwayIsExpiredEitherWay) {
  create("one");
  create("two");
  server_.objects().compact();
  const auto stream = open("?watch=1&resourceVersion=2");
  const Json event = next(*stream);
  EXPECT_EQ(event["type"], "ERROR");
  EXPECT_EQ(event["object"]["code"], 410);
  EXPECT_EQ(*loop_.run(stream->read()), "");
  server_.refuses_expired = true;
  EXPECT_EQ(open("?watch=1&resourceVersion=2")->head().status, 410);
}

TEST_F(FakeApiServerTest, AWatchIsDroppedClosedOrStalled) {
  const auto dropped = open("?watch=1");
  server_.drop_watches();
  EXPECT_EQ(next(*dropped), "the connection broke");
  const auto closed = open("?watch=1&timeoutSeconds=10");
  EXPECT_EQ(*loop_.run(closed->read()), "");
  const auto stalled = open("?watch=1&timeoutSeconds=10");
  server_.stall_watches();
  create("one");
  EXPECT_EQ(*loop_.run(stalled->read()), "");
}

TEST_F(FakeApiServerTest, ARequestIsRefusedOrLostBeforeOrAfterItTookEffect) {
  HttpRequest create = get("");
  create.method = "POST";
  create.path = "/apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes";
  create.body = R"({"metadata":{"name":"one"}})";
  std::vector<FakeHttpFault> faults(3);
  faults[0].refusal = refuse(429, "TooManyRequests", "later");
  faults[0].retry_after_seconds = 3;
  faults[1].lost_before = true;
  faults[2].lost_after = true;
  auto next_fault = faults.begin();
  server_.fault = [&](const HttpRequest&) { return *next_fault++; };
  const auto refused = send(create);
  EXPECT_EQ(refused->head.status, 429);
  EXPECT_EQ(refused->head.headers.at("retry-after"), "3");
  EXPECT_EQ(send(create).error().code(), Code::kUnavailable);
  EXPECT_EQ(server_.objects().version(), 1);
  EXPECT_EQ(send(create).error().code(), Code::kUnavailable);
  EXPECT_EQ(server_.objects().get(box("one")).status, 200);
}

TEST_F(FakeApiServerTest, AServerThatIsAwayKeepsItsObjects) {
  create("one");
  const auto stream = open("?watch=1");
  server_.go_away();
  EXPECT_EQ(server_.watches(), 0u);
  EXPECT_FALSE(send(get("")));
  server_.come_back();
  EXPECT_THAT(names(list("")), ElementsAre("one"));
}

TEST_F(FakeApiServerTest, AnAnswerThatTakesTooLongIsNoneButMayTakeEffect) {
  HttpRequest remove = get("");
  remove.method = "DELETE";
  remove.path = "/apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes/one";
  create("one");
  server_.fault = [](const HttpRequest&) {
    FakeHttpFault fault;
    fault.delay = 1min;
    return fault;
  };
  EXPECT_EQ(send(remove).error().code(), Code::kUnavailable);
  loop_.run_for(1min);
  EXPECT_EQ(server_.objects().get(box("one")).status, 404);
}

}  // namespace
}  // namespace sandboxlet::kube
