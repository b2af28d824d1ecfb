#include "agent/volume/host_path.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

struct Kind {
  const char* type;
  mode_t format;
  const char* words;
};
constexpr std::array<Kind, 7> kKinds{{{"DirectoryOrCreate", S_IFDIR, "a directory"},
                                      {"Directory", S_IFDIR, "a directory"},
                                      {"FileOrCreate", S_IFREG, "a file"},
                                      {"File", S_IFREG, "a file"},
                                      {"Socket", S_IFSOCK, "a socket file"},
                                      {"CharDevice", S_IFCHR, "a character device"},
                                      {"BlockDevice", S_IFBLK, "a block device"}}};

Result<> make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return errno_error("hostPath " + path, error.value());
  return {};
}

Result<> make_file(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!file) return errno_error("hostPath " + path);
  return {};
}

}  // namespace

Result<> check_host_path(const HostPath& source) {
  for (const Kind& kind : kKinds) {
    if (source.type != kind.type) continue;
    struct stat status {};
    bool exists = stat(source.path.c_str(), &status) == 0;
    if (!exists && errno != ENOENT) return errno_error("hostPath " + source.path);
    if (!exists && source.type == "DirectoryOrCreate") return make_directories(source.path);
    if (!exists && source.type == "FileOrCreate") return make_file(source.path);
    if (!exists || (status.st_mode & S_IFMT) != kind.format) {
      return Error(Code::kFailedPrecondition,
                   "hostPath type check failed: " + source.path + " is not " + kind.words);
    }
  }
  return {};
}

}  // namespace sandboxlet::agent
