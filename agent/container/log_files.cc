#include "agent/container/log_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace sandboxlet::agent {

namespace {

constexpr std::string_view kLog = ".log";
constexpr std::string_view kCompressed = ".gz";
// What a rotation adds: each digit stands for one.
constexpr std::string_view kStamp = ".00000000-000000";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_stamp(std::string_view text) {
  return std::equal(text.begin(), text.end(), kStamp.begin(), kStamp.end(),
                    [](char c, char form) { return form == '0' ? is_digit(c) : c == form; });
}

WallTime wall(const timespec& time) {
  return WallTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

std::string log_name(uint32_t attempt) { return std::to_string(attempt).append(kLog); }

std::optional<uint32_t> attempt_of(std::string_view file) {
  uint32_t attempt = 0;
  const auto [end, error] = std::from_chars(file.data(), file.data() + file.size(), attempt);
  if (error != std::errc()) return std::nullopt;
  const std::string_view rest = file.substr(end - file.data());
  if (rest != kLog && !rest.starts_with(std::string(kLog) + ".")) return std::nullopt;
  return attempt;
}

bool is_compressed(std::string_view file) { return file.ends_with(kCompressed); }

std::string_view rotation_of(std::string_view file) {
  if (is_compressed(file)) file.remove_suffix(kCompressed.size());
  return file;
}

std::vector<LogFile> rotated_files(const std::vector<LogFile>& files, std::string_view log) {
  std::vector<LogFile> rotated;
  for (const auto& file : files) {
    const std::string_view rotation = rotation_of(file.name);
    if (rotation.starts_with(log) && is_stamp(rotation.substr(log.size()))) rotated.push_back(file);
  }
  std::sort(rotated.begin(), rotated.end(), [](const LogFile& a, const LogFile& b) {
    const std::string_view one = rotation_of(a.name);
    const std::string_view other = rotation_of(b.name);
    return one != other ? one < other : is_compressed(a.name) && !is_compressed(b.name);
  });
  const auto last =
      std::unique(rotated.begin(), rotated.end(), [](const LogFile& a, const LogFile& b) {
        return rotation_of(a.name) == rotation_of(b.name);
      });
  rotated.erase(last, rotated.end());
  return rotated;
}

Result<UniqueFd> open_log_directory(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return errno_error("open " + path);
  return fd;
}

Result<std::vector<LogFile>> list_logs(int directory) {
  // A position of its own, so that the directory can be listed again.
  UniqueFd fd(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_error("open the log directory");
  const std::unique_ptr<DIR, CloseDirectory> entries(fdopendir(fd.get()));
  if (!entries) return errno_error("open the log directory");
  static_cast<void>(fd.release());
  std::vector<LogFile> files;
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(entries.get());
    if (entry == nullptr) break;
    struct stat status {};
    if (fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(status.st_mode)) continue;
    files.push_back({entry->d_name, status.st_size, status.st_ino, wall(status.st_mtim)});
  }
  if (errno != 0) return errno_error("read the log directory");
  return files;
}

Result<UniqueFd> open_log(int directory, const std::string& name) {
  // O_NONBLOCK: what somebody put there may be a pipe.
  UniqueFd fd(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return errno_error("open " + name);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return errno_error("look at " + name);
  if (!S_ISREG(status.st_mode)) return Error(Code::kFailedPrecondition, name + " is no file");
  return fd;
}

bool has_writer(int file) {
  // The kernel grants a read lease only where nobody writes. SIGURG: the default, should somebody
  // come to write in this instant, would end the process.
  fcntl(file, F_SETSIG, SIGURG);
  if (fcntl(file, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  fcntl(file, F_SETLEASE, F_UNLCK);
  return false;
}

Result<> remove_logs_before(const std::string& path, uint32_t attempt) {
  TRY(const UniqueFd directory, open_log_directory(path));
  TRY(const auto files, list_logs(directory.get()));
  for (const auto& file : files) {
    const auto of = attempt_of(file.name);
    if (!of || *of >= attempt) continue;
    if (unlinkat(directory.get(), file.name.c_str(), 0) != 0 && errno != ENOENT) {
      return errno_error("remove " + file.name);
    }
  }
  return {};
}

}  // namespace sandboxlet::agent
