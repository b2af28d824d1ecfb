#include "kube/fake_request.h"

#include <vector>

#include "kube/fake_kinds.h"

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

std::string unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return plain;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// "/api/V/..." or "/apis/G/V/..."; then [namespaces/N/]PLURAL[/NAME[/SUBRESOURCE]].
bool take_path(std::string_view path, FakeRequest& request) {
  auto parts = split(path, '/');
  for (auto& part : parts) part = unescaped(part);
  auto next = parts.begin();
  auto take = [&](std::string& into) {
    if (next == parts.end()) return false;
    into = *next++;
    return true;
  };
  std::string root;
  if (!take(root) || (root != "api" && root != "apis")) return false;
  if (root == "apis" && !take(request.group)) return false;
  if (!take(request.version) || !take(request.plural)) return false;
  if (request.plural == "namespaces" && parts.end() - next > 1) {
    take(request.namespace_);
    take(request.plural);
  }
  if (take(request.name)) take(request.subresource);
  return next == parts.end();
}

FakeAnswer patch(const FakeRequest& request, FakeObjects& objects) {
  if (request.content_type == "application/merge-patch+json") {
    return objects.merge_patch(request.ref(), request.body);
  }
  if (request.content_type != "application/apply-patch+yaml") {
    return refuse(415, "UnsupportedMediaType", "the body of the request was in an unknown format");
  }
  const std::string manager = request.option("fieldManager");
  if (manager.empty()) {
    return refuse(422, "Invalid",
                  "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is "
                  "required for apply patch");
  }
  return objects.apply(request.ref(), request.body, manager, request.option("force") == "true");
}

}  // namespace

FakeSelection FakeRequest::selection() const {
  return {fake_collection(ref()), namespace_, option("fieldSelector"), option("labelSelector")};
}

std::string FakeRequest::option(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

std::optional<FakeRequest> parse_fake_request(const HttpRequest& http) {
  FakeRequest request;
  request.method = http.method;
  const std::string_view target = http.path;
  const size_t mark = target.find('?');
  if (!take_path(target.substr(0, mark), request)) return std::nullopt;
  if (mark != target.npos) {
    for (const auto& pair : split(target.substr(mark + 1), '&')) {
      const size_t sign = std::min(pair.find('='), pair.size());
      request.query[unescaped(pair.substr(0, sign))] =
          unescaped(std::string_view(pair).substr(std::min(sign + 1, pair.size())));
    }
  }
  constexpr std::string_view kType = "Content-Type: ";
  for (const auto& header : http.headers) {
    if (header.starts_with(kType)) request.content_type = header.substr(kType.size());
  }
  request.body = Json::parse(http.body, nullptr, /*allow_exceptions=*/false);
  return request;
}

FakeAnswer answer_to(const FakeRequest& request, FakeObjects& objects) {
  const ObjectRef ref = request.ref();
  if (request.method == "GET" && !request.name.empty()) return objects.get(ref);
  if (request.method == "GET") {
    const std::string limit = request.option("limit");
    return objects.list(request.selection(), request.option("resourceVersion"),
                        limit.empty() ? 0 : std::stoul(limit), request.option("continue"));
  }
  if (request.method == "DELETE") {
    const bool has_options = request.body.is_object() && request.body.contains("preconditions");
    return objects.remove(ref, has_options ? request.body["preconditions"] : Json());
  }
  if (!request.body.is_object()) {
    return refuse(400, "BadRequest", "the body of the request is no object");
  }
  if (request.method == "POST") return objects.create(ref, request.body);
  if (request.method == "PUT") return objects.update(ref, request.body);
  if (request.method == "PATCH") return patch(request, objects);
  return refuse(405, "MethodNotAllowed", "the server does not allow this method");
}

}  // namespace sandboxlet::kube
