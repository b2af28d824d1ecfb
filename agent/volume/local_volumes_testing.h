#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "agent/volume/local_volumes.h"
#include "agent/volume/testing.h"

namespace sandboxlet::agent {

constexpr int64_t kMiB = int64_t{1} << 20;

// Local volumes below a directory of the test's own.
class LocalVolumesTest : public testing::Test {
 protected:
  static inline const ClaimReference kClaim{"default", "home-box", "u-1"};

  static NewVolume image(int64_t size) { return {VolumeMode::kImage, size, kClaim}; }
  static NewVolume directory(int64_t size) { return {VolumeMode::kDirectory, size, kClaim}; }

  std::string path_of(const std::string& volume) const { return root_ + "/" + volume; }
  // Answers its path; a failure is the test's.
  std::string stage(const std::string& volume);
  void unstage(const std::string& volume);

  const Scratch scratch_;
  const std::string root_ = scratch_.path() + "/local-volumes";
  LocalVolumes volumes_{scratch_.path()};
};

// Those with a file system of their own. Skipped where there are no loop devices to be had.
class ImageVolumesTest : public LocalVolumesTest {
 protected:
  void SetUp() override;

  void create(const std::string& volume, int64_t size);
  // Whether its image is of that size and has blocks for all of it.
  bool has_all_blocks(const std::string& volume, int64_t size) const;
};

// The loop devices with a file behind them whose path has this in it.
std::vector<std::string> loops_of(const std::string& part);
// How many things are mounted on it, one above the other.
int mounts_at(const std::string& path);
// Bytes in the file system that path is in.
int64_t room_in(const std::string& path);
// Writes a file until nothing more can be written.
void fill(const std::string& directory);

void put(const std::string& path, const std::string& text);
std::string text_of(const std::string& path);

}  // namespace sandboxlet::agent
