#include "tests/scenario/small_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "base/unique_fd.h"

namespace sandboxlet::test {

Result<std::unique_ptr<SmallDisk>> SmallDisk::mount(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return errno_error(directory, error.value());
  if (::mount("small-disk", directory.c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
              "size=4m,mode=0711") != 0) {
    return errno_error("mount on " + directory);
  }
  return std::unique_ptr<SmallDisk>(new SmallDisk(directory));
}

SmallDisk::~SmallDisk() {
  umount2(directory_.c_str(), MNT_DETACH);
  rmdir(directory_.c_str());
}

Result<> SmallDisk::fill() {
  const std::string path = directory_ + "/fill";
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return errno_error(path);
  constexpr std::array<char, 4096> kPage{};
  while (write(file.get(), kPage.data(), kPage.size()) > 0) {
  }
  if (errno != ENOSPC) return errno_error(path);
  return {};
}

void SmallDisk::free() { unlink((directory_ + "/fill").c_str()); }

}  // namespace sandboxlet::test
