#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "kube/fake_objects.h"
#include "kube/http.h"

namespace sandboxlet::kube {

// A request to a FakeApiServer, taken apart. Pure.
struct FakeRequest {  // NOLINT(bugprone-exception-escape)
  std::string method;
  std::string group;
  std::string version;
  std::string plural;
  std::string namespace_;
  std::string name;
  std::string subresource;
  std::map<std::string, std::string> query;
  std::string content_type;
  nlohmann::json body;

  // Refers to this.
  ObjectRef ref() const { return {{group, version, plural}, namespace_, name, subresource}; }
  FakeSelection selection() const;
  std::string option(const std::string& name) const;
  bool is_watch() const { return method == "GET" && name.empty() && option("watch") == "1"; }
};

// Nothing where the path is none of an object or a kind of objects.
std::optional<FakeRequest> parse_fake_request(const HttpRequest& request);

// Whatever is no watch.
FakeAnswer answer_to(const FakeRequest& request, FakeObjects& objects);

}  // namespace sandboxlet::kube
