#include "tests/rig/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <utility>

namespace sandboxlet::test {

namespace {

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  kill();
  pid_ = std::exchange(other.pid_, 0);
  return *this;
}

// Not by fork(): what gRPC does around one may hang where its threads are at work.
Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& arguments,
                                         const std::string& log) {
  std::vector<const char*> words{"setpriv", "--pdeathsig", "KILL"};
  for (const auto& argument : arguments) words.push_back(argument.c_str());
  words.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  ChildProcess child;
  const int failed = posix_spawnp(&child.pid_, words[0], &files, nullptr,
                                  const_cast<char**>(words.data()), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed == 0) return child;
  child.pid_ = 0;
  return errno_error(words[0], failed);
}

std::optional<int> ChildProcess::ended() {
  int status = 0;
  if (pid_ == 0 || waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = 0;
  return exit_code(status);
}

void ChildProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

Result<int> ChildProcess::stop() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  if (waitpid(pid_, &status, 0) < 0) return errno_error("wait for a process");
  pid_ = 0;
  return exit_code(status);
}

std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace sandboxlet::test
