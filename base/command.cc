#include "base/command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace sandboxlet {

namespace {

// What a stream of the command goes to. Not a pipe: a daemon that it leaves behind may hold that.
UniqueFd make_output() { return UniqueFd(memfd_create("output", MFD_CLOEXEC)); }

std::string contents(const UniqueFd& output) {
  std::string text(static_cast<size_t>(lseek(output.get(), 0, SEEK_END)), '\0');
  text.resize(static_cast<size_t>(pread(output.get(), text.data(), text.size(), 0)));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

Result<pid_t> spawn(const std::vector<std::string>& arguments, const UniqueFd& out,
                    const UniqueFd& err) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err.get(), STDERR_FILENO);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) return errno_error(arguments[0], failed);
  return pid;
}

}  // namespace

Result<std::string> run_command(const std::vector<std::string>& arguments) {
  const auto out = make_output();
  const auto err = make_output();
  if (!out || !err) return errno_error("memfd_create");
  TRY(const pid_t pid, spawn(arguments, out, err));
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return errno_error("waitpid");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Error(Code::kInternal, arguments[0] + ": " + contents(err));
  }
  return contents(out);
}

}  // namespace sandboxlet
