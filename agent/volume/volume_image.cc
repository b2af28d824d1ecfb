#include "agent/volume/volume_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/command.h"

namespace sandboxlet::agent {

namespace {

constexpr char kImage[] = "image";

// The very file: whatever becomes of its name, a mkfs that outlives its agent writes to this one.
std::string path_of(const UniqueFd& image) {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(image.get());
}

Result<> sync(const UniqueFd& image) {
  if (fsync(image.get()) != 0) return errno_error("sync an image");
  return {};
}

// Every byte is a zero already, so nothing is written that is none, neither now nor behind the
// Sandbox's back after the first mount. A discard would give the blocks away again.
Result<> make_file_system(const UniqueFd& image) {
  auto made = run_command({"mkfs.ext4", "-q", "-F", "-b", std::to_string(kImageBlock), "-m", "0",
                           "-E", "assume_storage_prezeroed=1,nodiscard", path_of(image)});
  if (!made) return std::move(made.error());
  return sync(image);
}

Result<> allocate(const UniqueFd& image, int mode, int64_t size) {
  while (fallocate(image.get(), mode, 0, size) != 0) {
    if (errno != EINTR) return errno_error("set aside " + std::to_string(size) + " bytes");
  }
  return {};
}

Result<> check_file_system(const UniqueFd& image) {
  const std::vector<std::string> check{"e2fsck", "-f", "-p", path_of(image)};
  if (run_command(check)) return {};
  // One that repaired something says so in its exit code; then there is no more to repair.
  auto checked = run_command(check);
  if (!checked) return std::move(checked.error());
  return {};
}

}  // namespace

Result<int64_t> image_size(int64_t bytes) {
  if (bytes < 0 || bytes > kLargestImage) {
    return Error(Code::kInvalidArgument, "not a size for a volume: " + std::to_string(bytes));
  }
  const int64_t blocks = (bytes + kImageBlock - 1) / kImageBlock;
  return std::max(blocks * kImageBlock, kSmallestImage);
}

Result<> make_image(const UniqueFd& directory, int64_t size) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd image(openat(directory.get(), kImage, kFlags, 0600));
  if (!image) return errno_error("make an image");
  CHECK_OK(fill_image(image, size));
  return make_file_system(image);
}

Result<UniqueFd> open_image(const UniqueFd& directory) {
  constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  UniqueFd image(openat(directory.get(), kImage, kFlags));
  if (!image) return errno_error("open the image");
  struct stat status {};
  if (fstat(image.get(), &status) != 0) return errno_error("stat the image");
  if (!S_ISREG(status.st_mode)) {
    return Error(Code::kFailedPrecondition, "the image is not a plain file");
  }
  return image;
}

Result<int64_t> size_of(const UniqueFd& image) {
  struct stat status {};
  if (fstat(image.get(), &status) != 0) return errno_error("stat an image");
  return status.st_size;
}

Result<> fill_image(const UniqueFd& image, int64_t size) { return allocate(image, 0, size); }

Result<> set_aside(const UniqueFd& image, int64_t size) {
  auto done = allocate(image, FALLOC_FL_KEEP_SIZE, size);
  // A part of it may be set aside.
  if (!done) static_cast<void>(give_back(image));
  return done;
}

Result<> give_back(const UniqueFd& image) {
  TRY(const int64_t size, size_of(image));
  if (ftruncate(image.get(), size) != 0) return errno_error("trim an image");
  return {};
}

Result<> grow_unmounted(const UniqueFd& image) {
  CHECK_OK(check_file_system(image));
  auto grown = run_command({"resize2fs", path_of(image)});
  if (!grown) return std::move(grown.error());
  return sync(image);
}

}  // namespace sandboxlet::agent
