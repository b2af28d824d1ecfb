#include "kube/exec_plugin.h"

// Boost's own file system would be one more library.
#define BOOST_PROCESS_USE_STD_FS
#include <boost/process.hpp>
#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>

#include "api/time.h"
#include "kube/base64.h"

namespace sandboxlet::kube {

namespace {

namespace process = boost::process;
using Json = nlohmann::json;

constexpr Duration kLongestRun = std::chrono::minutes(1);
constexpr size_t kMaxComplaint = 512;
constexpr char kVersion[] = "client.authentication.k8s.io/v1";

// What the plugin is told (KUBERNETES_EXEC_INFO).
std::string exec_info(const ClusterConfig& config) {
  Json info{{"apiVersion", kVersion}, {"kind", "ExecCredential"}};
  Json& spec = info["spec"];
  spec["interactive"] = false;
  if (config.exec->provide_cluster_info) {
    spec["cluster"]["server"] = config.server;
    if (config.skip_verify) spec["cluster"]["insecure-skip-tls-verify"] = true;
    if (!config.ca.empty())
      spec["cluster"]["certificate-authority-data"] = encode_base64(config.ca);
  }
  return info.dump();
}

process::environment environment(const ClusterConfig& config) {
  process::environment variables = boost::this_process::environment();
  for (const auto& [name, value] : config.exec->env) variables[name] = value;
  variables["KUBERNETES_EXEC_INFO"] = exec_info(config);
  return variables;
}

Error not_there(const ExecPlugin& plugin) {
  std::string message = plugin.command + ": not found";
  if (!plugin.install_hint.empty()) message += ": " + plugin.install_hint;
  return Error(Code::kNotFound, std::move(message));
}

// What it writes on its standard output.
Result<std::string> run(const ClusterConfig& config) {
  const ExecPlugin& plugin = *config.exec;
  const bool is_path = plugin.command.find('/') != std::string::npos;
  const std::filesystem::path program =
      is_path ? std::filesystem::path(plugin.command) : process::search_path(plugin.command);
  if (program.empty()) return not_there(plugin);
  asio::io_context io;
  std::future<std::string> output;
  std::future<std::string> complaint;
  std::error_code failure;
  process::child child(program, process::args(plugin.args), environment(config),
                       process::std_in<process::null, process::std_out> output,
                       process::std_err > complaint, io, failure);
  if (failure == std::errc::no_such_file_or_directory) return not_there(plugin);
  if (failure) return Error(Code::kInternal, plugin.command + ": " + failure.message());
  io.run_for(kLongestRun);
  if (!io.stopped()) {
    child.terminate(failure);
    return Error(Code::kDeadlineExceeded, plugin.command + ": no answer within a minute");
  }
  child.wait(failure);
  if (child.exit_code() == 0) return output.get();
  return Error(Code::kUnavailable, plugin.command + ": exit code " +
                                       std::to_string(child.exit_code()) + ": " +
                                       complaint.get().substr(0, kMaxComplaint));
}

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

Result<ExecCredential> read_exec_credential(std::string_view json) {
  const auto refuse = [](const std::string& why) { return Error(Code::kInvalidArgument, why); };
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || text(object, "kind") != "ExecCredential") {
    return refuse("the answer is not an ExecCredential");
  }
  if (text(object, "apiVersion") != kVersion) {
    return refuse("apiVersion: Unsupported value: \"" + text(object, "apiVersion") +
                  "\": supported values: \"" + kVersion + "\"");
  }
  const Json status = object.value("status", Json::object());
  if (!status.is_object()) return refuse("status: must be an object");
  ExecCredential credential;
  credential.token = text(status, "token");
  if (credential.token.empty()) {
    return refuse("status.token: Required value: certificates from a plugin are not supported");
  }
  const std::string expires = text(status, "expirationTimestamp");
  if (expires.empty()) return credential;
  TRY(credential.expires, api::parse_time(expires).wrap("status.expirationTimestamp"));
  return credential;
}

Result<ExecCredential> run_exec_plugin(const ClusterConfig& config) {
  auto output = run(config);
  if (!output) return std::move(output.error()).wrap("exec plugin");
  return read_exec_credential(*output).wrap("exec plugin: " + config.exec->command);
}

}  // namespace sandboxlet::kube
