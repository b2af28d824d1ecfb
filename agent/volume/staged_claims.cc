#include "agent/volume/staged_claims.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "agent/volume/names.h"
#include "agent/volume/volume_pool.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

constexpr char kSuffix[] = ".json";
// No volume has a name like this.
constexpr char kUnfinished[] = "/.making-";

Json json_of(const HostPath& source) {
  return {{"hostPath", {{"path", source.path}, {"type", source.type}}}};
}
Json json_of(const Local& source) { return {{"local", {{"path", source.path}}}}; }
Json json_of(const Nfs& source) {
  return {{"nfs",
           {{"server", source.server},
            {"path", source.path},
            {"mountOptions", source.mount_options},
            {"readOnly", source.read_only}}}};
}
Json json_of(const NodeVolume& source) { return {{"nodeVolume", {{"name", source.name}}}}; }
Json json_of(const OtherKind& source) { return {{source.field, Json::object()}}; }

std::string text_in(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Nfs nfs_of(const Json& object) {
  Nfs source{text_in(object, "server"), text_in(object, "path"), {}, false};
  const auto options = object.find("mountOptions");
  if (options != object.end() && options->is_array()) {
    for (const Json& one : *options) {
      if (one.is_string()) source.mount_options.push_back(one);
    }
  }
  const auto read_only = object.find("readOnly");
  source.read_only = read_only != object.end() && *read_only == true;
  return source;
}

std::optional<PersistentVolume> parse(const std::string& text) {
  const Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || object.size() != 1 || !object.begin()->is_object()) return {};
  const std::string& kind = object.begin().key();
  const Json& source = *object.begin();
  if (kind == "hostPath")
    return PersistentVolume{HostPath{text_in(source, "path"), text_in(source, "type")}};
  if (kind == "local") return PersistentVolume{Local{text_in(source, "path")}};
  if (kind == "nfs") return PersistentVolume{nfs_of(source)};
  if (kind == "nodeVolume") return PersistentVolume{NodeVolume{text_in(source, "name")}};
  return {};
}

std::string within(const std::string& directory, const std::string& name) {
  return directory + "/" + name;
}

std::string path_of(const std::string& directory, const std::string& volume) {
  return directory + "/" + volume + kSuffix;
}

// The node's own volume that the file names, empty where it names none.
std::string node_volume_in(const std::string& path) {
  std::ifstream file(path);
  const auto source = parse({std::istreambuf_iterator<char>(file), {}});
  const auto* const node_volume = source ? std::get_if<NodeVolume>(&source->source) : nullptr;
  return node_volume == nullptr ? "" : node_volume->name;
}

}  // namespace

Result<> save_staged_claim(const std::string& directory, const std::string& volume,
                           const PersistentVolume& source) {
  CHECK_OK(check_name(volume));
  const std::string unfinished = directory + kUnfinished + volume;
  std::ofstream file(unfinished, std::ios::trunc);
  file << std::visit([](const auto& kind) { return json_of(kind); }, source.source);
  file.close();
  if (!file) return errno_error("write " + unfinished);
  const std::string path = path_of(directory, volume);
  if (rename(unfinished.c_str(), path.c_str()) != 0) return errno_error("write " + path);
  return {};
}

std::optional<PersistentVolume> staged_claim(const std::string& directory,
                                             const std::string& volume) {
  if (!is_name(volume)) return {};
  std::ifstream file(path_of(directory, volume));
  return parse({std::istreambuf_iterator<char>(file), {}});
}

Result<std::vector<std::string>> staged_node_volumes(const std::string& directory) {
  TRY(const auto files, names_in(directory));
  std::set<std::string> volumes;
  for (const std::string& file : files) volumes.insert(node_volume_in(within(directory, file)));
  volumes.erase("");
  return std::vector<std::string>(volumes.begin(), volumes.end());
}

Result<> forget_node_volume(const std::string& directory, const std::string& node_volume) {
  TRY(const auto files, names_in(directory));
  for (const std::string& file : files) {
    const std::string path = within(directory, file);
    if (node_volume_in(path) != node_volume) continue;
    if (unlink(path.c_str()) != 0) return errno_error("remove " + path);
  }
  return {};
}

}  // namespace sandboxlet::agent
