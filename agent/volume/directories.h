#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace sandboxlet::agent {

// Makes a directory of exactly that mode, whatever the umask; its parent exists. Idempotent.
// Refuses what is there and no directory, a symbolic link to one as well.
Result<> make_directory(const std::string& path, mode_t mode);

// Removes a tree that a Sandbox wrote: follows no symbolic link, needs no more file descriptors for
// a deeper tree, and fails on a mount point rather than empty what is mounted. Idempotent.
Result<> remove_tree(const std::string& path);

}  // namespace sandboxlet::agent
