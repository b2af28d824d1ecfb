#include "tests/rig/private_runtime.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "base/command.h"

namespace sandboxlet::test {

namespace {

constexpr char kTool[] = SANDBOXLET_SOURCE_DIR "/tools/private-runtime";

Result<> command(const std::string& verb, const std::string& dir) {
  CHECK_OK(run_command({kTool, verb, dir}));
  return {};
}

}  // namespace

const std::optional<std::string>& PrivateRuntime::why_not() {
  static const auto reason = []() -> std::optional<std::string> {
    auto checked = run_command({kTool, "check"});
    if (checked.has_value()) return std::nullopt;
    return checked.error().message();
  }();
  return reason;
}

Result<std::unique_ptr<PrivateRuntime>> PrivateRuntime::start() {
  std::string dir = std::filesystem::temp_directory_path() / "sandboxlet-test-XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) return errno_error(dir);
  std::unique_ptr<PrivateRuntime> runtime(new PrivateRuntime(std::move(dir)));
  TRY(runtime->socket_,
      run_command({kTool, "start", runtime->dir_, "--cgroup", runtime->cgroup_root_,
                   "--with-parent", std::to_string(getpid())}));
  return runtime;
}

PrivateRuntime::PrivateRuntime(std::string dir)
    : dir_(std::move(dir)), cgroup_root_("/" + std::filesystem::path(dir_).filename().string()) {}

PrivateRuntime::~PrivateRuntime() {
  auto stopped = stop();
  if (!stopped.has_value()) std::cerr << stopped.error().message() << std::endl;
}

Result<> PrivateRuntime::kill() { return command("kill", dir_); }
Result<> PrivateRuntime::restart() { return command("restart", dir_); }
Result<> PrivateRuntime::stop() { return command("stop", dir_); }

}  // namespace sandboxlet::test
