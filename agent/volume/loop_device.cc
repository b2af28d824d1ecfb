#include "agent/volume/loop_device.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>

namespace sandboxlet::agent {

namespace {

namespace fs = std::filesystem;

constexpr char kBlockDevices[] = "/sys/block/";
// Of the file system inside, and no less than any disk's below, which direct I/O asks for.
constexpr uint32_t kSector = 4096;
// Far more than there are others who take a device at the same time.
constexpr int kTries = 1000;
// linux/miscdevice.h, which is not for programs.
constexpr unsigned kLoopControlMinor = 237;

std::string first_line(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

// Opens the device of that number; makes its file where there is none.
Result<UniqueFd> open_device(const std::string& path, mode_t kind, dev_t number) {
  constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd fd(open(path.c_str(), kFlags));
  if (!fd && errno == ENOENT) {
    if (mknod(path.c_str(), kind | 0600, number) != 0 && errno != EEXIST) {
      return errno_error("make " + path);
    }
    fd.reset(open(path.c_str(), kFlags));
  }
  if (!fd) return errno_error("open " + path);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return errno_error("stat " + path);
  if ((status.st_mode & S_IFMT) != kind || status.st_rdev != number) {
    return Error(Code::kFailedPrecondition, path + " is another device");
  }
  return fd;
}

Result<LoopDevice> open_loop(const std::string& name) {
  const std::string number = first_line(kBlockDevices + name + "/dev");
  unsigned major_number = 0;
  unsigned minor_number = 0;
  if (sscanf(number.c_str(), "%u:%u", &major_number, &minor_number) != 2) {
    return Error(Code::kNotFound, "no block device " + name);
  }
  const std::string path = "/dev/" + name;
  TRY(UniqueFd fd, open_device(path, S_IFBLK, makedev(major_number, minor_number)));
  return LoopDevice{std::move(fd), path};
}

bool configure(const LoopDevice& loop, const UniqueFd& image) {
  loop_config config{};
  config.fd = static_cast<uint32_t>(image.get());
  config.block_size = kSector;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
  return ioctl(loop.fd.get(), LOOP_CONFIGURE, &config) == 0;
}

// The device's number as the kernel packs it for loop_info64 (new_encode_dev).
dev_t unpacked(uint64_t device) {
  return makedev((device & 0xfff00) >> 8, (device & 0xff) | ((device >> 12) & 0xfff00));
}

Result<bool> has_behind_it(const LoopDevice& loop, const UniqueFd& image) {
  loop_info64 info{};
  if (ioctl(loop.fd.get(), LOOP_GET_STATUS64, &info) != 0) {
    if (errno == ENXIO) return false;
    return errno_error("status of " + loop.path);
  }
  struct stat file {};
  if (fstat(image.get(), &file) != 0) return errno_error("stat an image");
  return info.lo_inode == file.st_ino && unpacked(info.lo_device) == file.st_dev;
}

// One that is gone meanwhile is none.
Result<std::optional<LoopDevice>> loop_if_behind_it(const std::string& name,
                                                    const UniqueFd& image) {
  auto loop = open_loop(name);
  if (!loop) {
    if (loop.error().code() == Code::kNotFound || loop.error().errno_value() == ENXIO) {
      return std::optional<LoopDevice>();
    }
    return std::move(loop.error());
  }
  TRY(const bool found, has_behind_it(*loop, image));
  if (!found) return std::optional<LoopDevice>();
  return std::optional<LoopDevice>(std::move(*loop));
}

// The path is told as the mount has it that the file was opened in, which may be out of reach here.
bool may_be_behind_it(const std::string& name, const UniqueFd& image, const std::string& path_end) {
  std::string path = first_line(kBlockDevices + name + "/loop/backing_file");
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  if (!path.ends_with(path_end)) return false;
  struct stat there {};
  if (stat(path.c_str(), &there) != 0) return true;
  struct stat file {};
  return fstat(image.get(), &file) == 0 && there.st_dev == file.st_dev &&
         there.st_ino == file.st_ino;
}

}  // namespace

Result<LoopDevice> attach_loop(const UniqueFd& image) {
  TRY(const UniqueFd control,
      open_device("/dev/loop-control", S_IFCHR, makedev(MISC_MAJOR, kLoopControlMinor)));
  // Two that want the same free device keep it open for each other.
  static std::mutex taking;
  const std::lock_guard lock(taking);
  for (int tries = 0; tries < kTries; ++tries) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return errno_error("find a free loop device");
    auto loop = open_loop("loop" + std::to_string(number));
    if (loop && configure(*loop, image)) return loop;
    const int failed = loop ? errno : loop.error().errno_value();
    // Somebody else's by now, on its way out, or gone.
    const bool lost = failed == EBUSY || failed == ENXIO || failed == ENODEV;
    if (!loop && !lost) return loop;
    if (!lost) return errno_error("set up " + loop->path, failed);
  }
  return Error(Code::kUnavailable, "others were faster at every free loop device");
}

Result<std::optional<LoopDevice>> find_loop(const UniqueFd& image, const std::string& path_end) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(kBlockDevices, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (!name.starts_with("loop") || !may_be_behind_it(name, image, path_end)) continue;
    TRY(auto loop, loop_if_behind_it(name, image));
    if (loop) return loop;
  }
  if (error) return errno_error("list the block devices", error.value());
  return std::optional<LoopDevice>();
}

Result<bool> is_mounted(const LoopDevice& loop) {
  // A mount holds its device for itself alone.
  if (UniqueFd(open(loop.path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC))) return false;
  if (errno == EBUSY) return true;
  return errno_error("open " + loop.path);
}

Result<std::optional<LoopDevice>> loop_at(dev_t device, const UniqueFd& image) {
  if (major(device) != LOOP_MAJOR) return std::optional<LoopDevice>();
  std::error_code error;
  const auto link = fs::read_symlink(
      "/sys/dev/block/" + std::to_string(major(device)) + ":" + std::to_string(minor(device)),
      error);
  if (error) return errno_error("find a loop device", error.value());
  return loop_if_behind_it(link.filename(), image);
}

}  // namespace sandboxlet::agent
