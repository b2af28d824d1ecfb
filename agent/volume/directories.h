#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// Makes a directory of exactly that mode, whatever the umask; its parent exists. It appears whole,
// so one that is there was finished and keeps the mode that its user has given it since. Refuses
// what is there and no directory, a symbolic link to one as well.
//
// Of two callers at once in the same parent, one may fail.
Result<> make_directory(const std::string& path, mode_t mode);

// kNotFound where there is none. Refuses what is no directory, a symbolic link to one as well.
Result<UniqueFd> open_directory(const std::string& path);
// What was made, renamed and removed in it, which need not be there, is on disk when this answers.
Result<> sync_directory(const std::string& path);

}  // namespace sandboxlet::agent
