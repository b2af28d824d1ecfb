#include "scheduler-shim/network/publisher.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "base/manual_loop.h"
#include "kube/fake_api_server.h"
#include "scheduler-shim/network/names.h"

namespace sandboxlet::network {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr kube::Resource kHttpRoutes{"gateway.networking.k8s.io", "v1", "httproutes"};

// The publisher at a fake API server, which keeps what it is given and adds nothing of its own.
class PublisherTest : public testing::Test {
 protected:
  PublisherTest() { spdlog::set_level(spdlog::level::off); }
  ~PublisherTest() override {
    end();
    server_.client_died(false);
  }

  // ---- The shim
  void begin() {
    publisher_.emplace(context_, "cluster.local");
    kube::Informer::Callbacks callbacks;
    callbacks.set = [this](const Json& sandbox) { publisher_->set(sandbox); };
    callbacks.remove = [this](const std::string& uid) { publisher_->remove(uid); };
    callbacks.synced = [this] { publisher_->synced(); };
    sandboxes_ = scheduler::follow(context_, kube::kSandboxes, "", kube::Informer::Key::kUid,
                                   std::move(callbacks));
    loop_.run_for(2s);
  }
  // What is under way breaks off, as when its process is killed.
  void end() {
    server_.client_died(false);
    sandboxes_.reset();
    publisher_.reset();
  }

  // ---- The server
  static kube::ObjectRef box(std::string_view subresource = {}) {
    return {kube::kSandboxes, "default", "box", subresource};
  }
  static kube::ObjectRef service_ref(const std::string& name) {
    return {kServices, "default", name, ""};
  }
  void create(const Json& spec) {
    Json object{{"spec", {{"podTemplate", {{"spec", Json::object()}}}}}};
    object["spec"]["podTemplate"]["spec"]["containers"] = Json::parse(R"([
        {"name": "main", "ports": [{"name": "http", "containerPort": 8080},
                                   {"name": "dns", "containerPort": 53, "protocol": "UDP"}]}])");
    object["spec"].merge_patch(spec);
    ASSERT_EQ(server_.objects().create(box(), object).status, 201);
  }
  void patch(const Json& spec) {
    ASSERT_EQ(server_.objects().merge_patch(box(), {{"spec", spec}}).status, 200);
    loop_.run_for(2s);
  }
  void say(const Json& status) {
    ASSERT_EQ(server_.objects().merge_patch(box("status"), {{"status", status}}).status, 200);
    loop_.run_for(2s);
  }
  // As its agent says it.
  void run(bool is_ready = true) {
    const Json ready{{"type", "Ready"}, {"status", is_ready ? "True" : "False"}};
    say({{"podIPs", {"10.0.0.2"}}, {"nodeName", "node-1"}, {"conditions", Json::array({ready})}});
  }
  Json get(const kube::ObjectRef& ref) const {
    auto answer = server_.objects().get(ref);
    return answer.status == 200 ? std::move(answer.body) : Json();
  }
  Json service(const std::string& name) const { return get(service_ref(name)); }
  Json slice(const std::string& name) const { return get({kEndpointSlices, "default", name, ""}); }
  Json status() const { return get(box()).value("status", Json::object()); }
  std::string message() const { return status()["networking"].value("message", ""); }
  std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    kube::FakeSelection all;
    all.collection = "/apis/events.k8s.io/v1/events";
    for (const Json& event : server_.objects().select(all)) notes.push_back(event["note"]);
    return notes;
  }
  size_t writes() const {
    return static_cast<size_t>(
        std::count_if(server_.requests().begin(), server_.requests().end(),
                      [](const auto& request) { return request.method != "GET"; }));
  }
  // Another's, or one that somebody has made of the Sandbox's own.
  void create_service(const std::string& name, const Json& metadata = Json::object()) {
    Json object{{"metadata", metadata}, {"spec", {{"clusterIP", "None"}}}};
    ASSERT_EQ(server_.objects().create(service_ref(name), object).status, 201);
  }
  Json owners() const {
    const Json owner{{"apiVersion", api::kSandboxApiVersion},
                     {"kind", "Sandbox"},
                     {"name", "box"},
                     {"uid", get(box())["metadata"]["uid"]},
                     {"controller", true}};
    return Json::array({owner});
  }

  static Json served() { return {{"service", true}}; }
  static Json own(const std::string& type = "ClusterIP") {
    const Json port{{"name", "web"}, {"port", 80}, {"targetPort", "http"}};
    return {{"networking", {{"service", {{"type", type}, {"ports", Json::array({port})}}}}}};
  }
  static Json routed(const std::string& kind = "HTTPRoute") {
    const Json route{{"kind", kind}, {"name", "way"}};
    Json spec = own();
    spec["networking"]["routeRefs"] = Json::array({route});
    return spec;
  }

  ManualLoop loop_;
  kube::FakeApiServer server_{loop_.clock()};
  kube::Client client_{server_, loop_.clock()};
  kube::EventRecorder events_{loop_.io(), loop_.clock(), client_, "sandboxlet.io/shim", "shim-1"};
  const scheduler::ControllerContext context_{loop_.io(), loop_.clock(), client_, server_, events_};
  std::optional<Publisher> publisher_;
  std::unique_ptr<kube::Informer> sandboxes_;
};

// ---- The headless Service

TEST_F(PublisherTest, AServiceThatIsAskedForIsMadeAndToldOf) {
  create(served());
  begin();
  EXPECT_EQ(service("box")["spec"]["clusterIP"], "None");
  EXPECT_EQ(service("box")["metadata"]["ownerReferences"][0]["uid"], get(box())["metadata"]["uid"]);
  EXPECT_EQ(status()["service"], "box");
  EXPECT_EQ(status()["serviceFQDN"], "box.default.svc.cluster.local");
  EXPECT_FALSE(status().contains("networking"));
}

TEST_F(PublisherTest, OfASandboxThatAsksForNothingNothingIsWritten) {
  create(Json::object());
  begin();
  run();
  EXPECT_EQ(writes(), 0U);
}

TEST_F(PublisherTest, TheBindingIsNotOvertakenAndOneThatDoesNotComeIsNotWaitedFor) {
  begin();
  create(served());
  loop_.run_for(400ms);
  EXPECT_FALSE(service("box").is_null());
  EXPECT_EQ(get(box())["metadata"]["resourceVersion"], "2");
  loop_.run_for(200ms);
  EXPECT_EQ(status()["service"], "box");
}

TEST_F(PublisherTest, UnsetKeepsItAndFalseTakesItAway) {
  create(served());
  begin();
  run();
  patch({{"service", nullptr}});
  EXPECT_FALSE(service("box").is_null());
  EXPECT_EQ(status()["service"], "box");
  patch({{"service", false}});
  EXPECT_TRUE(service("box").is_null());
  EXPECT_TRUE(slice("box-ipv4").is_null());
  EXPECT_FALSE(status().contains("service"));
  EXPECT_FALSE(status().contains("serviceFQDN"));
}

TEST_F(PublisherTest, OneThatUpstreamsControllerHasMadeIsTakenOn) {
  create(Json::object());
  create_service("box",
                 {{"labels", {{kNameHashLabel, name_hash("box")}}}, {"ownerReferences", owners()}});
  begin();
  run();
  EXPECT_EQ(status()["service"], "box");
  EXPECT_EQ(slice("box-ipv4")["endpoints"][0]["addresses"][0], "10.0.0.2");
}

TEST_F(PublisherTest, OneThatSomebodyDeletesComesBack) {
  create(served());
  begin();
  run();
  server_.objects().remove(service_ref("box"));
  loop_.run_for(2s);
  EXPECT_FALSE(service("box").is_null());
  EXPECT_EQ(status()["service"], "box");
}

TEST_F(PublisherTest, OneWhoseLabelsSomebodyHasTakenHasThemAgain) {
  create(served());
  begin();
  server_.objects().merge_patch(service_ref("box"), {{"metadata", {{"labels", nullptr}}}});
  loop_.run_for(10s);
  EXPECT_EQ(service("box")["metadata"]["labels"][kNameHashLabel], name_hash("box"));
  EXPECT_THAT(notes(), IsEmpty());
}

// ---- Endpoints

TEST_F(PublisherTest, AnEndpointIsReadyAsTheSandboxIs) {
  create(served());
  begin();
  run();
  const Json made = slice("box-ipv4");
  EXPECT_EQ(made["metadata"]["labels"][kServiceNameLabel], "box");
  EXPECT_EQ(made["metadata"]["labels"][kSliceManagedByLabel], kManager);
  EXPECT_EQ(made["endpoints"][0]["nodeName"], "node-1");
  EXPECT_EQ(made["endpoints"][0]["conditions"]["ready"], true);
  run(/*is_ready=*/false);
  EXPECT_EQ(slice("box-ipv4")["endpoints"][0]["conditions"]["ready"], false);
  run();
  EXPECT_EQ(slice("box-ipv4")["endpoints"][0]["conditions"]["ready"], true);
}

TEST_F(PublisherTest, AnAddressThatIsNoMoreHasNoSlice) {
  create(served());
  begin();
  say({{"podIPs", {"10.0.0.2", "fd00::2"}}});
  EXPECT_EQ(slice("box-ipv6")["endpoints"][0]["addresses"][0], "fd00::2");
  say({{"podIPs", nullptr}});
  EXPECT_TRUE(slice("box-ipv4").is_null());
  EXPECT_TRUE(slice("box-ipv6").is_null());
}

TEST_F(PublisherTest, WhileItIsDeletedItTakesNoTrafficAndMakesNothing) {
  create(served());
  begin();
  run();
  server_.objects().merge_patch(box(), {{"metadata", {{"finalizers", {api::kNodeFinalizer}}}}});
  server_.objects().remove(box());
  loop_.run_for(2s);
  const Json conditions = slice("box-ipv4")["endpoints"][0]["conditions"];
  EXPECT_EQ(conditions["ready"], false);
  EXPECT_EQ(conditions["terminating"], true);
  server_.objects().remove(service_ref("box"));
  loop_.run_for(1min);
  EXPECT_TRUE(service("box").is_null());
}

// ---- The Service of spec.networking

TEST_F(PublisherTest, ItsOwnServiceComesChangesAndGoesWithTheSpec) {
  create(own());
  begin();
  run();
  EXPECT_EQ(service("box-service")["spec"]["type"], "ClusterIP");
  EXPECT_FALSE(service("box-service")["spec"].contains("selector"));
  EXPECT_EQ(slice("box-service-ipv4")["ports"][0]["port"], 8080);
  EXPECT_EQ(status()["networking"]["ports"][0]["name"], "web");
  patch(own("NodePort"));
  EXPECT_EQ(service("box-service")["spec"]["type"], "NodePort");
  patch({{"networking", nullptr}});
  EXPECT_TRUE(service("box-service").is_null());
  EXPECT_TRUE(slice("box-service-ipv4").is_null());
  EXPECT_FALSE(status().contains("networking"));
}

TEST_F(PublisherTest, WhereTheClusterHasPutItIsTold) {
  create(own("LoadBalancer"));
  begin();
  server_.objects().merge_patch(service_ref("box-service"),
                                {{"spec",
                                  {{"clusterIP", "10.96.0.9"},
                                   {"ports", Json::array({{{"name", "web"},
                                                           {"port", 80},
                                                           {"targetPort", "http"},
                                                           {"protocol", "TCP"},
                                                           {"nodePort", 30080}}})}}}});
  loop_.run_for(2s);
  EXPECT_EQ(status()["networking"]["ip"], "10.96.0.9");
  EXPECT_EQ(status()["networking"]["ports"][0]["nodePort"], 30080);
  kube::ObjectRef ref = service_ref("box-service");
  ref.subresource = "status";
  const Json ingress = Json::array({{{"ip", "192.0.2.7"}}});
  server_.objects().merge_patch(ref, {{"status", {{"loadBalancer", {{"ingress", ingress}}}}}});
  loop_.run_for(2s);
  EXPECT_EQ(status()["networking"]["ip"], "192.0.2.7");
}

// ---- Others' objects

TEST_F(PublisherTest, AServiceOfSomebodyElseIsNeverTakenOverAndIsToldOf) {
  create_service("box", {{"labels", {{"whose", "theirs"}}}});
  create(served());
  begin();
  run();
  const Json before = service("box");
  loop_.run_for(5min);
  EXPECT_EQ(service("box"), before);
  EXPECT_TRUE(slice("box-ipv4").is_null());
  EXPECT_FALSE(status().contains("service"));
  EXPECT_EQ(message(), "Service box: exists and is not controlled by this Sandbox");
  EXPECT_THAT(notes(), Contains(message()));
  server_.objects().remove(service_ref("box"));
  loop_.run_for(30s);
  EXPECT_EQ(status()["service"], "box");
  EXPECT_FALSE(status().contains("networking"));
  EXPECT_FALSE(slice("box-ipv4").is_null());
}

TEST_F(PublisherTest, OneThatAnEarlierSandboxOfTheNameHasLeftIsSomebodyElses) {
  create(served());
  begin();
  server_.objects().force_remove(box());
  create(served());
  const Json before = service("box");
  loop_.run_for(10s);
  EXPECT_EQ(service("box"), before);
  EXPECT_THAT(message(), HasSubstr("is not controlled by this Sandbox"));
}

TEST_F(PublisherTest, WhatTheServerRefusesIsToldAndTheRestGoesOn) {
  server_.fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.method == "POST" && request.body.find("box-service") != std::string::npos &&
        request.path.ends_with("services")) {
      fault.refusal = kube::refuse(422, "Invalid", "no such port");
    }
    return fault;
  };
  Json spec = own();
  spec["service"] = true;
  create(spec);
  begin();
  run();
  EXPECT_THAT(message(), HasSubstr("no such port"));
  EXPECT_EQ(status()["service"], "box");
  EXPECT_FALSE(slice("box-ipv4").is_null());
}

// ---- Bad days

TEST_F(PublisherTest, WhatWasDoneThoughItsAnswerWasLostIsItsOwn) {
  int lost = 0;
  server_.fault = [&](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    fault.lost_after = request.method == "POST" && lost++ == 0;
    return fault;
  };
  create(served());
  begin();
  EXPECT_EQ(status()["service"], "box");
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(PublisherTest, WhatAnEarlierLifeHasBegunIsEnded) {
  server_.fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    fault.lost_before =
        request.path.find("endpointslices") != std::string::npos && request.method == "POST";
    return fault;
  };
  create(own());
  begin();
  run();
  EXPECT_FALSE(service("box-service").is_null());
  EXPECT_TRUE(slice("box-service-ipv4").is_null());
  end();
  server_.fault = nullptr;
  // While nobody looked.
  server_.objects().merge_patch(box(), {{"spec", {{"service", true}}}});
  begin();
  EXPECT_FALSE(slice("box-service-ipv4").is_null());
  EXPECT_FALSE(slice("box-ipv4").is_null());
  EXPECT_EQ(status()["service"], "box");
}

TEST_F(PublisherTest, WhatWasTakenOutOfTheSpecWhileNobodyLookedGoes) {
  create(own());
  begin();
  run();
  end();
  server_.objects().merge_patch(box(), {{"spec", {{"networking", nullptr}}}});
  server_.objects().merge_patch(box("status"), {{"status", {{"networking", nullptr}}}});
  begin();
  EXPECT_TRUE(service("box-service").is_null());
  EXPECT_TRUE(slice("box-service-ipv4").is_null());
}

TEST_F(PublisherTest, ALostWatchLosesNothing) {
  create(served());
  begin();
  server_.drop_watches();
  run();
  loop_.run_for(1min);
  EXPECT_EQ(slice("box-ipv4")["endpoints"][0]["conditions"]["ready"], true);
}

TEST_F(PublisherTest, AStatusIsWrittenOverTheVersionThatWasSeenAndNoOther) {
  int conflicts = 0;
  server_.fault = [&](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    const bool is_ours = request.body.find("serviceFQDN") != std::string::npos;
    if (is_ours && conflicts++ == 0) {
      fault.delay = 100ms;
      server_.objects().merge_patch(box("status"), {{"status", {{"nodeName", "node-2"}}}});
    }
    return fault;
  };
  create(served());
  begin();
  EXPECT_EQ(conflicts, 2);
  EXPECT_EQ(status()["service"], "box");
  EXPECT_EQ(status()["nodeName"], "node-2");
}

TEST_F(PublisherTest, WhatIsAsItShouldBeIsNotWrittenAgain) {
  Json spec = routed();
  spec["service"] = true;
  create(spec);
  begin();
  run();
  server_.clear_requests();
  loop_.run_for(10min);
  EXPECT_EQ(writes(), 0U);
  end();
  begin();
  EXPECT_EQ(writes(), 0U);
}

// ---- Routes

TEST_F(PublisherTest, ARouteIsToldOfAsItComesAndIsAccepted) {
  create(routed());
  begin();
  EXPECT_EQ(status()["networking"]["routes"][0]["message"], "not found");
  const kube::ObjectRef way{kHttpRoutes, "default", "way", ""};
  const Json backend{{"name", "box-service"}, {"port", 80}};
  const Json rule{{"backendRefs", Json::array({backend})}};
  server_.objects().create(
      way, {{"spec", {{"hostnames", {"a.example.com"}}, {"rules", Json::array({rule})}}}});
  loop_.run_for(2s);
  EXPECT_EQ(status()["networking"]["routes"][0]["ready"], false);
  kube::ObjectRef way_status = way;
  way_status.subresource = "status";
  const Json accepted{{"type", "Accepted"}, {"status", "True"}};
  const Json parent{{"conditions", Json::array({accepted})}};
  server_.objects().merge_patch(way_status, {{"status", {{"parents", Json::array({parent})}}}});
  loop_.run_for(2s);
  EXPECT_EQ(status()["networking"]["routes"][0]["ready"], true);
  EXPECT_EQ(status()["networking"]["url"], "http://a.example.com");
  server_.objects().remove(way);
  loop_.run_for(2s);
  EXPECT_EQ(status()["networking"]["routes"][0]["message"], "not found");
}

TEST_F(PublisherTest, AKindOfRouteThatTheClusterLacksIsSaidAndSeenWithinAMinuteOnceItIsThere) {
  server_.fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.path.find("httproutes") != std::string::npos) {
      fault.refusal = kube::refuse(404, "NotFound", "404 page not found");
    }
    return fault;
  };
  create(routed());
  begin();
  run();
  EXPECT_THAT(status()["networking"]["routes"][0]["message"],
              HasSubstr("this cluster shows no HTTPRoute of gateway.networking.k8s.io/v1"));
  EXPECT_FALSE(slice("box-service-ipv4").is_null());
  loop_.run_for(10min);
  server_.fault = nullptr;
  loop_.run_for(1min);
  EXPECT_EQ(status()["networking"]["routes"][0]["message"], "not found");
}

}  // namespace
}  // namespace sandboxlet::network
