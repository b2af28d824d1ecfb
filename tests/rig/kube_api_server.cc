#include "tests/rig/kube_api_server.h"

#include <stdlib.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/command.h"

namespace sandboxlet::test {

namespace {

constexpr char kTool[] = SANDBOXLET_SOURCE_DIR "/tools/private-apiserver";
constexpr char kBinaries[] = SANDBOXLET_SOURCE_DIR "/tools/kube-binaries";

template <class... Arguments>
Result<> command(const Arguments&... arguments) {
  CHECK_OK(run_command({kTool, arguments...}));
  return {};
}

// A body in a file, as it may be longer than an argument can be. The file goes with this object.
class BodyFile {
 public:
  BodyFile(const std::string& dir, const std::string& body) : path_(dir + "/body-XXXXXX") {
    const int fd = mkstemp(path_.data());
    if (fd < 0) return;
    close(fd);
    std::ofstream(path_) << body;
  }
  ~BodyFile() { unlink(path_.c_str()); }
  BodyFile(const BodyFile&) = delete;
  BodyFile& operator=(const BodyFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Code code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 409:
    case 410:
      return Code::kFailedPrecondition;
    case 429:
      return Code::kResourceExhausted;
    case 503:
      return Code::kUnavailable;
    case 504:
      return Code::kDeadlineExceeded;
    default:
      return status >= 500 ? Code::kInternal : Code::kInvalidArgument;
  }
}

// answer is a body and its status in a last line.
Result<std::string> body_of(std::string answer) {
  const auto last_line = answer.rfind('\n');
  const std::string status_text = answer.substr(last_line + 1);
  int status = 0;
  std::from_chars(status_text.data(), status_text.data() + status_text.size(), status);
  answer.resize(last_line);
  if (status >= 400) return Error(code_of(status), "HTTP " + status_text + ": " + answer);
  return answer;
}

}  // namespace

const std::optional<std::string>& KubeApiServer::why_not() {
  static const auto reason = []() -> std::optional<std::string> {
    auto checked = run_command({kTool, "check"});
    if (checked.has_value()) return std::nullopt;
    return checked.error().message();
  }();
  return reason;
}

Result<std::unique_ptr<KubeApiServer>> KubeApiServer::start() {
  std::string dir = std::filesystem::temp_directory_path() / "sandboxlet-test-XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) return errno_error(dir);
  std::unique_ptr<KubeApiServer> server(new KubeApiServer(std::move(dir)));
  TRY(server->url_,
      run_command({kTool, "start", server->dir_, "--with-parent", std::to_string(getpid())}));
  return server;
}

KubeApiServer::~KubeApiServer() {
  auto stopped = stop();
  if (!stopped.has_value()) std::cerr << stopped.error().message() << std::endl;
  // Where it could not start, the folder may be there still, and empty.
  rmdir(dir_.c_str());
}

Result<std::string> KubeApiServer::request(const std::string& method, const std::string& path,
                                           const std::string& body,
                                           const std::string& content_type) const {
  std::vector<std::string> arguments{
      "curl", "-sS",    "--noproxy",         "*",     "--max-time", "60", "--cacert",
      ca(),   "--cert", admin_certificate(), "--key", admin_key(),  "-w", "\\n%{http_code}",
      "-X",   method,   url_ + path};
  std::optional<BodyFile> file;
  if (!body.empty()) {
    file.emplace(dir_, body);
    arguments.insert(arguments.end(),
                     {"-H", "Content-Type: " + content_type, "--data-binary", "@" + file->path()});
  }
  const std::string asked = method + " " + path;
  TRY(auto answer, run_command(arguments).wrap(asked));
  return body_of(std::move(answer)).wrap(asked);
}

Result<std::string> KubeApiServer::kubectl(const std::vector<std::string>& arguments) const {
  static const auto program = run_command({kBinaries, "kubectl"});
  if (!program) return program.error();
  std::vector<std::string> all{*program, "--kubeconfig", kubeconfig(), "--cache-dir",
                               dir_ + "/kubectl"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_command(all);
}

Result<> KubeApiServer::run_controllers(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ",") + name;
  return command("control", dir_, list);
}

Result<> KubeApiServer::kill() { return command("kill", dir_); }
Result<> KubeApiServer::restart() { return command("restart", dir_); }
Result<> KubeApiServer::kill_etcd() { return command("kill", dir_, "etcd"); }
Result<> KubeApiServer::restart_etcd() { return command("restart", dir_, "etcd"); }
Result<> KubeApiServer::compact_etcd() { return command("compact", dir_); }
Result<> KubeApiServer::stop() { return command("stop", dir_); }

}  // namespace sandboxlet::test
