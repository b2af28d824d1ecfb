#include "agent/cluster/keyring.h"

#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kube/base64.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;
using AuthConfig = Keyring::AuthConfig;

constexpr std::string_view kHub = "docker.io/";
// What a docker configuration calls it.
constexpr char kHubsKey[] = "index.docker.io";

Error bad(const std::string& what) { return Error(Code::kFailedPrecondition, what); }

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<Json> decode_json(const std::string& base64) {
  TRY(const std::string decoded, kube::decode_base64(base64));
  Json json = Json::parse(decoded, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  return bad("not a JSON object");
}

// "auth" is base64 of both, its padding optional; it counts before the two beside it.
Result<AuthConfig> auth_config(const Json& entry) {
  AuthConfig config;
  config.set_username(text(entry, "username"));
  config.set_password(text(entry, "password"));
  std::string auth = text(entry, "auth");
  if (auth.empty()) return config;
  auth.append((4 - auth.size() % 4) % 4, '=');
  TRY(const std::string both, kube::decode_base64(auth).wrap("auth"));
  const auto colon = both.find(':');
  if (colon == std::string::npos) return bad("auth is not base64 of \"username:password\"");
  config.set_username(both.substr(0, colon));
  config.set_password(both.substr(colon + 1));
  return config;
}

std::pair<std::string, std::string> split_at(std::string_view whole, char mark) {
  const auto at = whole.find(mark);
  if (at == std::string_view::npos) return {std::string(whole), ""};
  return {std::string(whole.substr(0, at)), std::string(whole.substr(at))};
}

// Of a URL as docker's configuration has it, scheme and the registry API's version left off.
std::string key_of(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
  }
  auto [host, path] = split_at(url, '/');
  if (path.starts_with("/v1/") || path.starts_with("/v2/")) path.erase(0, 3);
  return path == "/" ? host : host + path;
}

std::vector<std::string> parts_of(const std::string& host) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= host.size();) {
    const size_t end = std::min(host.find('.', begin), host.size());
    parts.push_back(host.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Part by part: a glob does not reach over a dot.
bool matches_host(const std::string& pattern, const std::string& host) {
  const auto globs = parts_of(pattern);
  const auto parts = parts_of(host);
  return std::equal(globs.begin(), globs.end(), parts.begin(), parts.end(),
                    [](const std::string& glob, const std::string& part) {
                      return fnmatch(glob.c_str(), part.c_str(), 0) == 0;
                    });
}

bool matches(const std::string& pattern, const std::string& repository) {
  const auto [pattern_authority, pattern_path] = split_at(pattern, '/');
  const auto [authority, path] = split_at(repository, '/');
  const auto [pattern_host, pattern_port] = split_at(pattern_authority, ':');
  const auto [host, port] = split_at(authority, ':');
  return pattern_port == port && path.starts_with(pattern_path) && matches_host(pattern_host, host);
}

}  // namespace

Result<> Keyring::add(const Json& secret) {
  const std::string type = text(secret, "type");
  const Json data = secret.value("data", Json::object());
  const bool is_json = type == "kubernetes.io/dockerconfigjson";
  if (!is_json && type != "kubernetes.io/dockercfg") return {};
  const std::string content = text(data, is_json ? ".dockerconfigjson" : ".dockercfg");
  if (content.empty()) return {};
  TRY(const Json config, decode_json(content));
  return add_entries(is_json ? config.value("auths", Json::object()) : config);
}

Result<> Keyring::add_entries(const Json& entries) {
  if (!entries.is_object()) return bad("auths is not an object");
  for (const auto& [url, entry] : entries.items()) {
    if (!entry.is_object()) return bad("an entry is not an object");
    TRY(AuthConfig config, auth_config(entry));
    entries_[key_of(url)].push_back(std::move(config));
  }
  return {};
}

std::vector<AuthConfig> Keyring::lookup(std::string_view image) const {
  const std::string repository = repository_of(image);
  std::vector<AuthConfig> found;
  for (const auto& [pattern, configs] : entries_) {
    if (!matches(pattern, repository)) continue;
    found.insert(found.end(), configs.begin(), configs.end());
  }
  if (!found.empty() || !repository.starts_with(kHub)) return found;
  const auto hub = entries_.find(kHubsKey);
  return hub == entries_.end() ? found : hub->second;
}

std::string repository_of(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const auto slash = image.rfind('/');
  const size_t name = slash == std::string_view::npos ? 0 : slash + 1;
  image = image.substr(0, image.find(':', name));
  const std::string_view first = image.substr(0, image.find('/'));
  const bool has_host =
      first.size() < image.size() &&
      (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  if (first == kHubsKey) image.remove_prefix(std::string_view("index.").size());
  std::string repository = has_host ? std::string(image) : std::string(kHub).append(image);
  const bool is_library =
      repository.starts_with(kHub) && repository.find('/', kHub.size()) == std::string::npos;
  if (is_library) repository.insert(kHub.size(), "library/");
  return repository;
}

}  // namespace sandboxlet::agent
