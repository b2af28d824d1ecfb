#include "agent/volume/host_path.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

// As os.MkdirAll(path, 0755).
Result<> make_directories(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) return errno_error("mkdir " + part);
    if (end == std::string::npos) return {};
  }
}

Result<> make_file(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  if (!UniqueFd(open(path.c_str(), kFlags, 0644))) return errno_error("open " + path);
  return {};
}

bool steps_back(const std::string& path) { return (path + "/").find("/../") != std::string::npos; }

struct Kind {
  const char* type;
  mode_t format;
  const char* words;
  // Where there is nothing yet; null where that is an error.
  Result<> (*make)(const std::string& path);
};
constexpr std::array<Kind, 7> kKinds{
    {{"DirectoryOrCreate", S_IFDIR, "a directory", make_directories},
     {"Directory", S_IFDIR, "a directory", nullptr},
     {"FileOrCreate", S_IFREG, "a file", make_file},
     {"File", S_IFREG, "a file", nullptr},
     {"Socket", S_IFSOCK, "a socket file", nullptr},
     {"CharDevice", S_IFCHR, "a character device", nullptr},
     {"BlockDevice", S_IFBLK, "a block device", nullptr}}};

}  // namespace

Result<std::string> stage_host_path(const HostPath& source) {
  // kubelet: MakeAbsolutePath, ValidatePathNoBacksteps.
  const std::string path = source.path.starts_with('/') ? source.path : "/" + source.path;
  if (steps_back(path)) {
    return Error(Code::kInvalidArgument,
                 "invalid HostPath `" + source.path + "`: must not contain '..'");
  }
  if (source.type.empty()) return path;
  const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                 [&](const Kind& known) { return source.type == known.type; });
  if (kind == kKinds.end()) {
    return Error(Code::kInvalidArgument, source.type + " is an invalid volume type");
  }
  struct stat status {};
  const bool exists = stat(path.c_str(), &status) == 0;
  if (!exists && kind->make != nullptr) {
    CHECK_OK(kind->make(path).wrap("hostPath"));
  } else if (!exists || (status.st_mode & S_IFMT) != kind->format) {
    return Error(Code::kFailedPrecondition,
                 "hostPath type check failed: " + path + " is not " + kind->words);
  }
  return path;
}

Result<std::string> stage_local(const Local& source) {
  return stage_host_path({source.path, "Directory"}).wrap("local");
}

}  // namespace sandboxlet::agent
