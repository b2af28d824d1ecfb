#include "agent/watchdog/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

Result<> write_text(const std::string& path, int flags, const std::string& text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0600));
  if (!file) return errno_error(path);
  const ssize_t written = ::pwrite(file.get(), text.data(), text.size(), 0);
  if (written < 0) return errno_error(path);
  if (static_cast<size_t>(written) < text.size()) return errno_error(path, ENOSPC);
  return {};
}

bool is_as_long(const std::string& path, const std::string& text) {
  struct stat file {};
  return stat(path.c_str(), &file) == 0 && static_cast<size_t>(file.st_size) == text.size();
}

}  // namespace

Result<> replace_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  Result<> written = write_text(fresh, O_CREAT | O_TRUNC, text);
  const bool is_full = !written && written.error().errno_value() == ENOSPC;
  if (is_full && is_as_long(path, text)) return write_text(path, 0, text);
  if (written && rename(fresh.c_str(), path.c_str()) != 0) return errno_error(path);
  return written;
}

}  // namespace sandboxlet::agent
