#include "kube/client.h"

#include <gmock/gmock.h>

#include "base/manual_loop.h"
#include "kube/fake_api_server.h"

namespace sandboxlet::kube {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;
using Json = nlohmann::json;

class ClientTest : public testing::Test {
 protected:
  ~ClientTest() override { server_.client_died(false); }

  static ObjectRef box(const std::string& name, std::string_view subresource = {}) {
    return {kSandboxes, "default", name, subresource};
  }
  static Json object(const std::string& name) {
    return {{"apiVersion", "agents.x-k8s.io/v1beta1"},
            {"kind", "Sandbox"},
            {"metadata", {{"name", name}}}};
  }
  Result<Json> create(const std::string& name) {
    return loop_.run(client_.create(box(""), object(name)));
  }
  // The next requests are answered like this.
  void refuse_times(int times, FakeAnswer answer, std::optional<int> retry_after = {}) {
    server_.fault = [times, answer, retry_after](const HttpRequest&) mutable {
      FakeHttpFault fault;
      if (times-- <= 0) return fault;
      fault.refusal = answer;
      fault.retry_after_seconds = retry_after;
      return fault;
    };
  }

  ManualLoop loop_;
  FakeApiServer server_{loop_.clock()};
  Client client_{server_, loop_.clock()};
};

TEST_F(ClientTest, EachVerbAnswersTheObjectAsItIsThen) {
  const auto made = create("one");
  ASSERT_TRUE(made) << made.error().message();
  const Json bound{{"status", {{"nodeName", "node-1"}}}};
  const auto patched = loop_.run(client_.merge_patch(box("one", "status"), bound));
  EXPECT_EQ((*patched)["status"]["nodeName"], "node-1");
  Json next = *patched;
  next["spec"]["operatingMode"] = "Suspended";
  EXPECT_EQ((*loop_.run(client_.update(box("one"), next)))["metadata"]["generation"], 2);
  Json held = object("one");
  held["metadata"]["finalizers"] = {"x.io/a"};
  EXPECT_EQ((*loop_.run(client_.apply(box("one"), held, "me")))["metadata"]["finalizers"],
            Json({"x.io/a"}));
  EXPECT_EQ(*loop_.run(client_.get(box("one"))), server_.objects().get(box("one")).body);
  EXPECT_TRUE(loop_.run(client_.remove(box("one"), (*made)["metadata"]["uid"])));
  EXPECT_TRUE(loop_.run(client_.apply(box("one"), object("one"), "me")));
  EXPECT_EQ(loop_.run(client_.get(box("one"))).error().code(), Code::kNotFound);
}

TEST_F(ClientTest, ARefusalSaysWhatWasAskedAndWhatOneMayDo) {
  ASSERT_TRUE(create("one"));
  const auto again = create("one");
  EXPECT_EQ(again.error().code(), Code::kAlreadyExists);
  EXPECT_THAT(again.error().message(),
              StartsWith("POST /apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes: "));
  EXPECT_EQ(loop_.run(client_.remove(box("one"), "other")).error().code(),
            Code::kFailedPrecondition);
  const Json other{{"metadata", {{"uid", "other"}}}};
  EXPECT_EQ(loop_.run(client_.merge_patch(box("one"), other)).error().code(),
            Code::kInvalidArgument);
  const Json stale{{"metadata", {{"resourceVersion", "1"}}}};
  EXPECT_EQ(loop_.run(client_.merge_patch(box("one"), stale)).error().code(),
            Code::kFailedPrecondition);
}

TEST_F(ClientTest, WaitsAsLongAsItIsAskedToAndAsksAgain) {
  refuse_times(2, refuse(429, "TooManyRequests", "later"), 7);
  const TimePoint begun = loop_.clock().now();
  EXPECT_TRUE(create("one"));
  EXPECT_EQ(loop_.clock().now() - begun, 14s);
  EXPECT_THAT(server_.requests(), SizeIs(3));
}

TEST_F(ClientTest, DoesNotAskAgainWhatNobodyAskedItTo) {
  for (const int code : {429, 500, 503}) {
    server_.clear_requests();
    refuse_times(1, refuse(code, "", "no"));
    const auto refused = create("one");
    EXPECT_TRUE(is_retryable(refused.error().code())) << code;
    EXPECT_THAT(server_.requests(), SizeIs(1));
  }
  server_.clear_requests();
  refuse_times(1, refuse(403, "Forbidden", "never"), 1);
  EXPECT_EQ(create("one").error().code(), Code::kPermissionDenied);
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(ClientTest, GivesUpAfterTenTries) {
  refuse_times(100, refuse(503, "ServiceUnavailable", "not now"), 1);
  EXPECT_EQ(create("one").error().code(), Code::kUnavailable);
  EXPECT_THAT(server_.requests(), SizeIs(10));
}

TEST_F(ClientTest, ALongWaitIsLeftToTheCaller) {
  refuse_times(1, refuse(429, "TooManyRequests", "tomorrow"), 86'400);
  EXPECT_EQ(create("one").error().code(), Code::kUnavailable);
}

TEST_F(ClientTest, ABreakIsNotAskedOver) {
  server_.fault = [](const HttpRequest&) {
    FakeHttpFault fault;
    fault.lost_after = true;
    return fault;
  };
  EXPECT_EQ(create("one").error().code(), Code::kUnavailable);
  EXPECT_THAT(server_.requests(), SizeIs(1));
  EXPECT_EQ(server_.objects().get(box("one")).status, 200);
}

TEST_F(ClientTest, AnAnswerThatIsNoObjectIsAnError) {
  refuse_times(1, FakeAnswer{200, "a proxy's greeting"});
  const auto odd = loop_.run(client_.get(box("one")));
  EXPECT_EQ(odd.error().code(), Code::kInternal);
  EXPECT_THAT(odd.error().message(), HasSubstr("not an object"));
}

}  // namespace
}  // namespace sandboxlet::kube
