#include "kube/resource.h"

namespace sandboxlet::kube {

namespace {

// RFC 3986: all but its unreserved characters.
std::string escaped(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return result;
}

}  // namespace

std::string path_of(const ObjectRef& ref, const Query& query) {
  const Resource& resource = ref.resource;
  std::string path = resource.group.empty() ? "/api" : "/apis/" + escaped(resource.group);
  path.append("/").append(escaped(resource.version));
  if (!ref.namespace_.empty()) path.append("/namespaces/").append(escaped(ref.namespace_));
  path.append("/").append(escaped(resource.plural));
  if (!ref.name.empty()) path.append("/").append(escaped(ref.name));
  if (!ref.subresource.empty()) path.append("/").append(ref.subresource);
  char separator = '?';
  for (const auto& [key, value] : query) {
    path.append(1, separator).append(escaped(key)).append("=").append(escaped(value));
    separator = '&';
  }
  return path;
}

}  // namespace sandboxlet::kube
