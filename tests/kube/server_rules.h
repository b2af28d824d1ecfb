#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/http.h"

namespace sandboxlet::test {

// What an API server answers, one request after the other. The same is asked of the real one and of
// the fake, so that the two cannot differ in it.
struct ServerRule {
  std::string name;
  std::string method;
  // Below the collection of Sandboxes in a namespace; "$version" is that of the last object that
  // was answered, "$uid" its uid, in the body too; "$first" is the version of the first one.
  std::string path;
  // Of the body's type: "merge", "apply", or empty for a plain object.
  std::string type;
  std::string body;
  int status = 200;
  // A merge patch that changes nothing of the answer; of a watch, the types of its events.
  std::string answer;
};

inline const std::vector<ServerRule>& server_rules() {
  static const std::string box = R"({"apiVersion":"agents.x-k8s.io/v1beta1","kind":"Sandbox",)";
  static const std::string spec =
      R"("spec":{"operatingMode":"Running","shutdownPolicy":"Retain",)"
      R"("podTemplate":{"spec":{"containers":[{"name":"c","image":"i"}]}}})";
  static const std::vector<ServerRule> rules = {
      {"a create drops the status and begins with generation 1", "POST", "", "",
       box + R"("metadata":{"name":"one","uid":"mine"},"status":{"nodeName":"n0"},)" + spec + "}",
       201, R"({"metadata":{"generation":1,"namespace":"default"},"status":null})"},
      {"a name can be had once", "POST", "", "", box + R"("metadata":{"name":"one"},)" + spec + "}",
       409,
       R"({"reason":"AlreadyExists","message":"sandboxes.agents.x-k8s.io \"one\" already exists"})"},
      {"a version is not given to a create", "POST", "", "",
       box + R"("metadata":{"name":"two","resourceVersion":"5"},)" + spec + "}", 500,
       R"({"message":"resourceVersion should not be set on objects to be created"})"},
      {"what is not there is not found", "GET", "/none", "", "", 404,
       R"({"reason":"NotFound","message":"sandboxes.agents.x-k8s.io \"none\" not found"})"},
      {"nor can it be patched", "PATCH", "/none", "merge", R"({"spec":{}})", 404, ""},
      {"a patch of another uid is invalid", "PATCH", "/one", "merge",
       R"({"metadata":{"uid":"other"},"spec":{"operatingMode":"Suspended"}})", 422,
       R"({"reason":"Invalid"})"},
      {"a patch of another version is a conflict", "PATCH", "/one", "merge",
       R"({"metadata":{"resourceVersion":"1"},"spec":{"operatingMode":"Suspended"}})", 409,
       R"({"reason":"Conflict","message":"Operation cannot be fulfilled on sandboxes.agents.x-k8s.io \"one\": the object has been modified; please apply your changes to the latest version and try again"})"},
      {"of both, it is a conflict", "PATCH", "/one", "merge",
       R"({"metadata":{"uid":"other","resourceVersion":"1"}})", 409, ""},
      {"neither has changed anything", "GET", "/one", "", "", 200,
       R"({"metadata":{"generation":1},"spec":{"operatingMode":"Running"}})"},
      {"a status is written where its version holds, and nothing else", "PATCH", "/one/status",
       "merge",
       R"({"metadata":{"resourceVersion":"$version","labels":{"a":"b"}},)"
       R"("spec":{"operatingMode":"Suspended"},"status":{"nodeName":"n1"}})",
       200,
       R"({"metadata":{"generation":1,"labels":null},"spec":{"operatingMode":"Running"},)"
       R"("status":{"nodeName":"n1"}})"},
      {"a status of an old version is a conflict", "PATCH", "/one/status", "merge",
       R"({"metadata":{"resourceVersion":"$first"},"status":{"nodeName":"n2"}})", 409, ""},
      {"a status is written whatever its uid", "PATCH", "/one/status", "merge",
       R"({"metadata":{"uid":"other"},"status":{"podIPs":["10.0.0.1"]}})", 200,
       R"({"status":{"nodeName":"n1","podIPs":["10.0.0.1"]}})"},
      {"what changes nothing makes no version", "PATCH", "/one/status", "merge",
       R"({"status":{"nodeName":"n1"}})", 200, R"({"metadata":{"resourceVersion":"$version"}})"},
      {"the object's own write leaves the status", "PATCH", "/one", "merge",
       R"({"metadata":{"labels":{"k":"v"}},"status":{"nodeName":"n9"}})", 200,
       R"({"metadata":{"generation":1,"labels":{"k":"v"}},"status":{"nodeName":"n1"}})"},
      {"a spec makes a generation", "PATCH", "/one", "merge",
       R"({"spec":{"operatingMode":"Suspended"}})", 200, R"({"metadata":{"generation":2}})"},
      {"an update without a version is invalid", "PUT", "/one", "",
       box + R"("metadata":{"name":"one"},)" + spec + "}", 422, R"({"reason":"Invalid"})"},
      {"an update of an old one is a conflict", "PUT", "/one", "",
       box + R"("metadata":{"name":"one","resourceVersion":"$first"},)" + spec + "}", 409, ""},
      {"an update of another uid is a conflict", "PUT", "/one", "",
       box + R"("metadata":{"name":"one","uid":"other","resourceVersion":"$version"},)" + spec +
           "}",
       409, R"({"reason":"Conflict"})"},
      {"an update replaces all but the status", "PUT", "/one", "",
       box + R"("metadata":{"name":"one","resourceVersion":"$version"},)" + spec + "}", 200,
       R"({"metadata":{"generation":3,"labels":null},"status":{"nodeName":"n1"}})"},
      {"an apply makes what is not there", "PATCH", "/two?fieldManager=m", "apply",
       box + R"("metadata":{"name":"two","labels":{"a":"b"}},)" + spec + "}", 201,
       R"({"metadata":{"generation":1,"labels":{"a":"b"}}})"},
      {"but not where a uid is given", "PATCH", "/three?fieldManager=m", "apply",
       box + R"("metadata":{"name":"three","uid":"other"}})", 409, R"({"reason":"Conflict"})"},
      {"nor a status", "PATCH", "/three/status?fieldManager=m", "apply",
       box + R"("metadata":{"name":"three"},"status":{"nodeName":"n1"}})", 404, ""},
      {"an apply names its manager", "PATCH", "/one", "apply",
       box + R"("metadata":{"name":"one"}})", 422, ""},
      {"an apply to another uid is invalid", "PATCH", "/one?fieldManager=m", "apply",
       box + R"("metadata":{"name":"one","uid":"other","finalizers":["x.io/a"]}})", 422,
       R"({"reason":"Invalid"})"},
      {"finalizers are a set", "PATCH", "/one?fieldManager=m", "apply",
       box + R"("metadata":{"name":"one","finalizers":["x.io/a"],"labels":{"l":"1"}}})", 200,
       R"({"metadata":{"generation":3,"finalizers":["x.io/a"],"labels":{"l":"1"}}})"},
      {"another manager takes away only what it alone had applied", "PATCH", "/one?fieldManager=m2",
       "apply",
       box + R"("metadata":{"name":"one","finalizers":["x.io/a"],"labels":{"l":"1","o":"2"}}})",
       200, R"({"metadata":{"labels":{"l":"1","o":"2"}}})"},
      {"... when it applies it no more", "PATCH", "/one?fieldManager=m2", "apply",
       box + R"("metadata":{"name":"one"}})", 200,
       R"({"metadata":{"finalizers":["x.io/a"],"labels":{"l":"1","o":null}}})"},
      {"another's field is not applied over", "PATCH", "/one?fieldManager=m3", "apply",
       box + R"("metadata":{"name":"one","labels":{"l":"2"}}})", 409, R"({"reason":"Conflict"})"},
      {"unless by force", "PATCH", "/one?fieldManager=m3&force=true", "apply",
       box + R"("metadata":{"name":"one","labels":{"l":"2"}}})", 200,
       R"({"metadata":{"labels":{"l":"2"}}})"},
      {"what a plain write has set is its own", "PATCH", "/one", "merge",
       R"({"metadata":{"labels":{"l":"3"}}})", 200, R"({"metadata":{"labels":{"l":"3"}}})"},
      {"and stays when the others let go", "PATCH", "/one?fieldManager=m3", "apply",
       box + R"("metadata":{"name":"one"}})", 200, R"({"metadata":{"labels":{"l":"3"}}})"},
      {"a delete of another uid is a conflict", "DELETE", "/one", "",
       R"({"preconditions":{"uid":"other"}})", 409, R"({"reason":"Conflict"})"},
      {"a finalizer holds what is deleted", "DELETE", "/one", "",
       R"({"preconditions":{"uid":"$uid"}})", 200,
       R"({"metadata":{"generation":4,"deletionGracePeriodSeconds":0,"finalizers":["x.io/a"]}})"},
      {"deleting it again changes nothing", "DELETE", "/one", "", "", 200,
       R"({"metadata":{"generation":4,"resourceVersion":"$version"}})"},
      {"its name is not free yet", "POST", "", "",
       box + R"("metadata":{"name":"one"},)" + spec + "}", 409,
       R"({"reason":"AlreadyExists","message":"object is being deleted: sandboxes.agents.x-k8s.io \"one\" already exists"})"},
      {"no finalizer is added any more", "PATCH", "/one", "merge",
       R"({"metadata":{"finalizers":["x.io/a","x.io/b"]}})", 422, R"({"reason":"Invalid"})"},
      {"a status still is", "PATCH", "/one/status", "merge", R"({"status":{"podIPs":null}})", 200,
       R"({"status":{"podIPs":null,"nodeName":"n1"}})"},
      {"it goes with its last finalizer, and the answer is as it was before", "PATCH",
       "/one?fieldManager=m", "apply", box + R"("metadata":{"name":"one","uid":"$uid"}})", 200,
       R"({"metadata":{"finalizers":null,"resourceVersion":"$version"}})"},
      {"it is gone", "GET", "/one", "", "", 404, ""},
      {"what is gone is not applied to", "PATCH", "/one?fieldManager=m", "apply",
       box + R"("metadata":{"name":"one","uid":"$uid"}})", 409, R"({"reason":"Conflict"})"},
      {"a watch tells all since a version, and what left the selection as deleted", "GET",
       "?watch=1&resourceVersion=$first&timeoutSeconds=1&fieldSelector=status.nodeName%3Dn1", "",
       "", 200,
       "ADDED MODIFIED MODIFIED MODIFIED MODIFIED MODIFIED MODIFIED MODIFIED MODIFIED MODIFIED "
       "MODIFIED MODIFIED DELETED"},
      {"without finalizers one is gone at once", "DELETE", "/two", "", "", 200,
       R"({"kind":"Status","status":"Success"})"},
      {"a field that the kind does not declare selects nothing", "GET", "?fieldSelector=spec.x%3Dy",
       "", "", 400, R"({"reason":"BadRequest"})"},
      {"no list is of a version yet to come", "GET", "?resourceVersion=99999999", "", "", 504,
       R"({"reason":"Timeout"})"},
      {"a watch from there waits for it", "GET",
       "?watch=1&resourceVersion=99999999&timeoutSeconds=1", "", "", 200, ""},
      {"what is no object is refused", "POST", "", "", "no object", 400, ""},
  };
  return rules;
}

// Asks a server for each of them in turn; its Sandboxes' namespace is empty.
class ServerRulesCheck {
 public:
  using Ask = std::function<kube::HttpResponse(kube::HttpRequest)>;
  using Json = nlohmann::json;

  explicit ServerRulesCheck(Ask ask) : ask_(std::move(ask)) {}

  void run() {
    for (const ServerRule& rule : server_rules()) check(rule);
  }

 private:
  static constexpr char kPath[] = "/apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes";

  std::string filled(std::string text) const {
    const std::pair<std::string, std::string> words[] = {
        {"$version", version_}, {"$first", first_}, {"$uid", uid_}};
    for (const auto& [word, value] : words) {
      for (size_t at = text.find(word); at != text.npos; at = text.find(word)) {
        text.replace(at, word.size(), value);
      }
    }
    return text;
  }

  void note(const Json& object) {
    if (object.value("kind", "") != "Sandbox") return;
    version_ = object["metadata"].value("resourceVersion", "");
    uid_ = object["metadata"].value("uid", "");
    if (first_.empty()) first_ = version_;
  }

  void check(const ServerRule& rule) {
    SCOPED_TRACE(rule.name);
    kube::HttpRequest request;
    request.method = rule.method;
    request.path = kPath + filled(rule.path);
    request.body = filled(rule.body);
    std::string type = "application/json";
    if (rule.type == "merge") type = "application/merge-patch+json";
    if (rule.type == "apply") type = "application/apply-patch+yaml";
    if (!rule.body.empty()) request.headers = {"Content-Type: " + type};
    const auto answer = ask_(std::move(request));
    EXPECT_EQ(answer.head.status, rule.status) << answer.body;
    if (rule.path.starts_with("?watch")) {
      EXPECT_EQ(types(answer.body), rule.answer);
      return;
    }
    const Json body = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(body.is_object()) << answer.body;
    if (!rule.answer.empty()) {
      Json expected = body;
      expected.merge_patch(Json::parse(filled(rule.answer)));
      EXPECT_EQ(body, expected) << Json::diff(body, expected).dump(2);
    }
    note(body);
  }

  static std::string types(const std::string& events) {
    std::string all;
    size_t begin = 0;
    for (size_t end = events.find('\n'); end != events.npos; end = events.find('\n', begin)) {
      const Json event = Json::parse(events.substr(begin, end - begin));
      all += (all.empty() ? "" : " ") + event.value("type", "");
      begin = end + 1;
    }
    return all;
  }

  const Ask ask_;
  std::string version_;
  std::string first_;
  std::string uid_;
};

}  // namespace sandboxlet::test
