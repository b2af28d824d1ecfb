#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace sandboxlet::test {

// A file system of some megabytes in memory, mounted on a directory, to be filled to the last byte.
// Unmounted with this object; below a PrivateRuntime's folder also where the test's process dies.
class SmallDisk {
 public:
  static Result<std::unique_ptr<SmallDisk>> mount(const std::string& directory);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // Until nothing more can be written.
  Result<> fill();
  // Gives back what fill() took.
  void free();

 private:
  explicit SmallDisk(std::string directory) : directory_(std::move(directory)) {}
  const std::string directory_;
};

}  // namespace sandboxlet::test
