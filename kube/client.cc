#include "kube/client.h"

#include "kube/status.h"

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

constexpr int kMaxTries = 10;
// Beyond what priority and fairness ever ask for (32 s), it is the caller's to wait.
constexpr Duration kLongestWait = std::chrono::minutes(1);

HttpRequest request(std::string method, std::string path) {
  HttpRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers = {"Accept: application/json"};
  return request;
}

HttpRequest request(std::string method, std::string path, const Json& body,
                    const std::string& type = "application/json") {
  HttpRequest with_body = request(std::move(method), std::move(path));
  with_body.headers.push_back("Content-Type: " + type);
  with_body.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return with_body;
}

// How long the server asks to be left alone before the same is asked again.
std::optional<Duration> wait_of(const Status& status) {
  const bool may_retry = status.code == 429 || status.code >= 500;
  if (!may_retry || !status.retry_after || *status.retry_after > kLongestWait) return std::nullopt;
  return status.retry_after;
}

}  // namespace

Task<Result<Json>> Client::call(HttpRequest request) {
  const std::string context = request.method + " " + request.path.substr(0, request.path.find('?'));
  for (int tries = 1;; ++tries) {
    auto answer = co_await http_.send(request);
    if (!answer) co_return std::move(answer.error()).wrap(context);
    if (answer->head.status < 400) {
      Json object = Json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
      if (object.is_object()) co_return object;
      co_return Error(Code::kInternal, context + ": the answer is not an object");
    }
    const Status status = read_status(answer->head, answer->body);
    const auto wait = wait_of(status);
    if (!wait || tries == kMaxTries) co_return to_error(status).wrap(context);
    co_await clock_.sleep(*wait);
  }
}

Task<Result<Json>> Client::get(ObjectRef ref) {
  co_return co_await call(request("GET", path_of(ref)));
}

Task<Result<Json>> Client::create(ObjectRef ref, Json object) {
  co_return co_await call(request("POST", path_of(ref), object));
}

Task<Result<Json>> Client::update(ObjectRef ref, Json object) {
  co_return co_await call(request("PUT", path_of(ref), object));
}

Task<Result<Json>> Client::merge_patch(ObjectRef ref, Json patch) {
  co_return co_await call(request("PATCH", path_of(ref), patch, "application/merge-patch+json"));
}

Task<Result<Json>> Client::apply(ObjectRef ref, Json object, std::string manager, bool force) {
  Query query{{"fieldManager", std::move(manager)}};
  if (force) query.emplace_back("force", "true");
  // JSON is YAML.
  co_return co_await call(
      request("PATCH", path_of(ref, query), object, "application/apply-patch+yaml"));
}

Task<Result<Json>> Client::remove(ObjectRef ref, std::string uid) {
  Json options{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!uid.empty()) options["preconditions"]["uid"] = std::move(uid);
  co_return co_await call(request("DELETE", path_of(ref), options));
}

}  // namespace sandboxlet::kube
