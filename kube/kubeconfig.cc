#include <filesystem>
#include <nlohmann/json.hpp>

#include "api/yaml_json.h"
#include "kube/base64.h"
#include "kube/cluster_config.h"
#include "kube/file.h"

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

Error wrong(const std::string& path, const std::string& why) {
  return Error(Code::kInvalidArgument, path + ": " + why);
}

// One object of a kubeconfig, with where it stands and where its relative paths begin.
class Section {
 public:
  Section(const Json& object, std::string path, std::string folder)
      : object_(object), path_(std::move(path)), folder_(std::move(folder)) {}

  const std::string& path() const { return path_; }
  bool has(const char* key) const { return object_.contains(key) && !object_[key].is_null(); }

  Result<std::string> text(const char* key) const {
    if (!has(key)) return std::string();
    if (!object_[key].is_string()) return wrong(path_ + "." + key, "must be a string");
    return object_[key].get<std::string>();
  }

  Result<bool> flag(const char* key) const {
    if (!has(key)) return false;
    if (!object_[key].is_boolean()) return wrong(path_ + "." + key, "must be a boolean");
    return object_[key].get<bool>();
  }

  Result<std::string> absolute(const char* key) const {
    auto name = text(key);
    if (!name || name->empty() || name->starts_with('/')) return name;
    return folder_ + "/" + *name;
  }

  // What KEY-data holds, or else the file that KEY names.
  Result<std::string> data_or_file(const char* key) const {
    const std::string data_key = std::string(key) + "-data";
    TRY(const std::string data, text(data_key.c_str()));
    if (!data.empty()) return decode_base64(data).wrap(path_ + "." + data_key);
    TRY(const std::string file, absolute(key));
    if (file.empty()) return std::string();
    return read_file(file).wrap(path_ + "." + key);
  }

  // Keys that ask for what is not done here.
  Result<> refuse(std::initializer_list<const char*> keys) const {
    for (const char* key : keys) {
      if (has(key)) return wrong(path_ + "." + key, "not supported by this client");
    }
    return {};
  }

  Result<Section> child(const char* key) const {
    if (!object_.contains(key) || !object_[key].is_object()) {
      return wrong(path_ + "." + key, "must be an object");
    }
    return Section(object_[key], path_ + "." + key, folder_);
  }

  const Json& json() const { return object_; }

 private:
  const Json& object_;
  const std::string path_;
  const std::string folder_;
};

// The entry of that name in one of a kubeconfig's lists: [{name: NAME, KIND: {...}}].
Result<Section> entry(const Json& root, const std::string& folder, const char* list,
                      const char* kind, const std::string& name) {
  if (root.contains(list) && root[list].is_array()) {
    for (size_t i = 0; i < root[list].size(); ++i) {
      const Json& item = root[list][i];
      if (!item.is_object() || item.value("name", Json()) != Json(name)) continue;
      const std::string path = std::string(list) + "[" + std::to_string(i) + "]";
      return Section(item, path, folder).child(kind);
    }
  }
  return wrong(list, "there is no entry \"" + name + "\"");
}

Result<> read_cluster(const Section& cluster, ClusterConfig& config) {
  CHECK_OK(cluster.refuse({"proxy-url", "tls-server-name"}));
  TRY(config.server, cluster.text("server"));
  if (config.server.empty()) return wrong(cluster.path() + ".server", "Required value");
  while (config.server.ends_with('/')) config.server.pop_back();
  TRY(config.ca, cluster.data_or_file("certificate-authority"));
  TRY(config.skip_verify, cluster.flag("insecure-skip-tls-verify"));
  return {};
}

Result<std::vector<std::string>> words(const Section& section, const char* key) {
  std::vector<std::string> all;
  if (!section.has(key)) return all;
  for (const Json& word : section.json()[key]) {
    if (!word.is_string()) return wrong(section.path() + "." + key, "must be a list of strings");
    all.push_back(word.get<std::string>());
  }
  return all;
}

Result<ExecPlugin> read_exec(const Section& section) {
  TRY(const std::string version, section.text("apiVersion"));
  if (version != "client.authentication.k8s.io/v1") {
    return wrong(section.path() + ".apiVersion",
                 "Unsupported value: \"" + version +
                     "\": supported values: \"client.authentication.k8s.io/v1\"");
  }
  ExecPlugin plugin;
  TRY(plugin.command, section.text("command"));
  if (plugin.command.empty()) return wrong(section.path() + ".command", "Required value");
  TRY(plugin.args, words(section, "args"));
  TRY(plugin.install_hint, section.text("installHint"));
  TRY(plugin.provide_cluster_info, section.flag("provideClusterInfo"));
  if (!section.has("env")) return plugin;
  for (const Json& variable : section.json()["env"]) {
    const Section one(variable, section.path() + ".env", "");
    if (!variable.is_object()) return wrong(one.path(), "must be a list of objects");
    TRY(std::string name, one.text("name"));
    TRY(std::string value, one.text("value"));
    plugin.env.emplace_back(std::move(name), std::move(value));
  }
  return plugin;
}

Result<> read_user(const Section& user, ClusterConfig& config) {
  CHECK_OK(user.refuse(
      {"username", "password", "auth-provider", "as", "as-uid", "as-groups", "as-user-extra"}));
  TRY(config.client_certificate, user.data_or_file("client-certificate"));
  TRY(config.client_key, user.data_or_file("client-key"));
  if (config.client_certificate.empty() != config.client_key.empty()) {
    return wrong(user.path(), "client-certificate and client-key go together");
  }
  TRY(config.token, user.text("token"));
  // client-go: a file goes before a literal token.
  TRY(config.token_file, user.absolute("tokenFile"));
  if (!config.token_file.empty()) config.token.clear();
  if (!user.has("exec")) return {};
  TRY(const Section exec, user.child("exec"));
  TRY(config.exec, read_exec(exec));
  return {};
}

Result<ClusterConfig> read_context(const Json& root, const std::string& folder,
                                   const std::string& asked) {
  const Section whole(root, "kubeconfig", folder);
  TRY(const std::string current, whole.text("current-context"));
  const std::string& name = asked.empty() ? current : asked;
  if (name.empty()) return wrong("current-context", "Required value");
  TRY(const Section context, entry(root, folder, "contexts", "context", name));
  TRY(const std::string cluster_name, context.text("cluster"));
  TRY(const std::string user_name, context.text("user"));
  ClusterConfig config;
  TRY(config.namespace_, context.text("namespace"));
  TRY(const Section cluster, entry(root, folder, "clusters", "cluster", cluster_name));
  CHECK_OK(read_cluster(cluster, config));
  if (user_name.empty()) return config;
  TRY(const Section user, entry(root, folder, "users", "user", user_name));
  CHECK_OK(read_user(user, config));
  return config;
}

}  // namespace

Result<ClusterConfig> load_kubeconfig(const std::string& path, const std::string& context) {
  TRY(const std::string text, read_file(path));
  TRY(const auto documents, api::yaml_to_json(text).wrap(path));
  if (documents.size() != 1 || !documents[0].value.is_object()) {
    return Error(Code::kInvalidArgument, path + ": not a kubeconfig");
  }
  const std::string folder = std::filesystem::path(path).parent_path();
  return read_context(documents[0].value, folder.empty() ? "." : folder, context).wrap(path);
}

}  // namespace sandboxlet::kube
