#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// The file that an image volume's ext4 is in: <volume>/image. Its blocks are all set aside when it
// is made (measured: 2 ms for 1 GiB on ext4), so that a node whose disk is full is never an I/O
// error inside a Sandbox; a file system that cannot do that gets no image.

// Bytes: of ext4's blocks, and the least that leaves room beside its journal.
constexpr int64_t kImageBlock = 4096;
constexpr int64_t kSmallestImage = int64_t{16} << 20;
// More than any file system holds in one file; what is asked for is not near overflow.
constexpr int64_t kLargestImage = int64_t{1} << 44;

// What an image is made of for so many bytes: whole blocks, and no less than the smallest.
Result<int64_t> image_size(int64_t bytes);

// Makes it, an empty ext4 inside, in a directory that has none. On disk when it answers.
Result<> make_image(const UniqueFd& directory, int64_t size);
// Refuses what is no plain file, a symbolic link to one as well.
Result<UniqueFd> open_image(const UniqueFd& directory);
Result<int64_t> size_of(const UniqueFd& image);

// The file is of that size and has all its blocks: grows it, and fills holes that a trim inside has
// punched. kResourceExhausted where the disk is full.
Result<> fill_image(const UniqueFd& image, int64_t size);
// Sets aside what it takes to be of that size one day, or nothing where the disk is full. The file
// stays as it is.
Result<> set_aside(const UniqueFd& image, int64_t size);
// Gives back what was set aside behind the file's end.
Result<> give_back(const UniqueFd& image);

// Grows the file system inside to the file's size; it is mounted nowhere. It is checked first, and
// what can be repaired safely is. On disk when it answers.
Result<> grow_unmounted(const UniqueFd& image);

}  // namespace sandboxlet::agent
