#include "agent/container/rotate_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include <array>
#include <cstdio>
#include <memory>

namespace sandboxlet::agent {

namespace {

// The runtime's own mode for logs is 0640; nothing here is ever more open.
constexpr mode_t kMostOpen = 0640;
// The fastest level: logs shrink to a tenth with it as well, and others want the cores.
constexpr char kWriteFast[] = "wb1";

Result<> copy_compressed(int from, int to, const std::stop_token& stop) {
  UniqueFd own(fcntl(to, F_DUPFD_CLOEXEC, 0));
  gzFile file = own ? gzdopen(own.get(), kWriteFast) : nullptr;
  if (file == nullptr) return errno_error("compress");
  static_cast<void>(own.release());
  std::array<char, 65536> block;
  ssize_t size = 0;
  bool written = true;
  while (written && !stop.stop_requested() && (size = read(from, block.data(), block.size())) > 0) {
    written = gzwrite(file, block.data(), size) == size;
  }
  const int read_error = size < 0 ? errno : 0;
  errno = 0;
  written = gzclose(file) == Z_OK && written;
  if (stop.stop_requested()) return Error(Code::kCancelled, "compress: the agent stops");
  if (read_error != 0) return errno_error("compress: read", read_error);
  if (!written) return errno_error("compress: write", errno != 0 ? errno : EIO);
  return {};
}

// The compressed file passes for the other: who may read it, and when it was written last.
Result<> take_after(int from, int to) {
  struct stat status {};
  if (fstat(from, &status) != 0) return errno_error("compress");
  if (fchmod(to, status.st_mode & kMostOpen) != 0) return errno_error("compress: chmod");
  const timespec times[] = {status.st_atim, status.st_mtim};
  if (futimens(to, times) != 0) return errno_error("compress: set times");
  // The other is removed next: a power loss must not take both.
  if (fdatasync(to) != 0) return errno_error("compress: sync");
  return {};
}

Result<> remove_file(int directory, const std::string& name) {
  if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  return errno_error("remove " + name);
}

Result<> compress_into(int directory, int from, const std::string& unfinished,
                       const std::stop_token& stop) {
  constexpr int kCreate = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd to(openat(directory, unfinished.c_str(), kCreate, 0600));
  if (!to) return errno_error("make " + unfinished);
  CHECK_OK(copy_compressed(from, to.get(), stop));
  return take_after(from, to.get());
}

Result<> compress_log(int directory, const std::string& name, const std::stop_token& stop) {
  TRY(const UniqueFd from, open_log(directory, name));
  if (has_writer(from.get())) return {};
  const std::string compressed = name + ".gz";
  const std::string unfinished = compressed + ".tmp";
  CHECK_OK(remove_file(directory, unfinished));
  if (auto done = compress_into(directory, from.get(), unfinished, stop); !done) {
    static_cast<void>(remove_file(directory, unfinished));
    return std::move(done).wrap(name);
  }
  if (renameat(directory, unfinished.c_str(), directory, compressed.c_str()) != 0) {
    return errno_error("rename " + unfinished);
  }
  return remove_file(directory, name);
}

}  // namespace

bool needs_rotation(const std::string& directory, uint32_t attempt, const RotationLimits& limits) {
  struct stat status {};
  const std::string log = directory + "/" + log_name(attempt);
  if (lstat(log.c_str(), &status) != 0) return errno == ENOENT;
  return S_ISREG(status.st_mode) && status.st_size >= limits.max_size;
}

Result<std::optional<Rotation>> begin_rotation(const std::string& path, uint32_t attempt,
                                               const RotationLimits& limits, WallTime now) {
  TRY(const UniqueFd directory, open_log_directory(path));
  TRY(const auto files, list_logs(directory.get()));
  auto rotation = plan_rotation(files, attempt, limits, now);
  if (!rotation) return rotation;
  for (const auto& name : rotation->remove) CHECK_OK(remove_file(directory.get(), name));
  const std::string& to = rotation->rename_to;
  if (!to.empty() && renameat2(directory.get(), log_name(attempt).c_str(), directory.get(),
                               to.c_str(), RENAME_NOREPLACE) != 0) {
    return errno_error("rename to " + to);
  }
  return rotation;
}

Result<> undo_rotation(const std::string& path, uint32_t attempt, const Rotation& rotation) {
  if (rotation.rename_to.empty()) return {};
  TRY(const UniqueFd directory, open_log_directory(path));
  const int done = renameat2(directory.get(), rotation.rename_to.c_str(), directory.get(),
                             log_name(attempt).c_str(), RENAME_NOREPLACE);
  // The answer was lost, not the call.
  if (done == 0 || errno == EEXIST) return {};
  return errno_error("rename " + rotation.rename_to + " back");
}

Result<> compress_logs(const std::string& path, const std::vector<std::string>& names,
                       const std::stop_token& stop) {
  if (names.empty()) return {};
  TRY(const UniqueFd directory, open_log_directory(path));
  for (const auto& name : names) CHECK_OK(compress_log(directory.get(), name, stop));
  return {};
}

}  // namespace sandboxlet::agent
