#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// The files of a container's logs, as the kubelet names them in one directory a container: "3.log"
// is what attempt 3 writes, "3.log.20260102-030405" was rotated then, ".gz" added when it was
// compressed, and ".tmp" after that while it is. Only regular files count; no link is followed.
struct LogFile {
  std::string name;
  int64_t size = 0;
  uint64_t inode = 0;
  // Compressing keeps it.
  WallTime modified{};

  bool operator==(const LogFile&) const = default;
};

// "3.log".
std::string log_name(uint32_t attempt);
// Whose log this is a file of; nothing where it is none.
std::optional<uint32_t> attempt_of(std::string_view file);
bool is_compressed(std::string_view file);
// Without ".gz": what the parts of one log are ordered by.
std::string_view rotation_of(std::string_view file);
// The parts of that log that were rotated, the oldest first. Where an agent died between
// compressing and removing one, only the compressed file is named.
std::vector<LogFile> rotated_files(const std::vector<LogFile>& files, std::string_view log);

Result<UniqueFd> open_log_directory(const std::string& path);
Result<std::vector<LogFile>> list_logs(int directory);
// Opens for reading.
Result<UniqueFd> open_log(int directory, const std::string& name);
// Whether anybody has it open for writing: the runtime writes a little into a rotated file after it
// was told to open a new one. file is open for reading only.
bool has_writer(int file);

// Removes the logs of all attempts before that one.
Result<> remove_logs_before(const std::string& directory, uint32_t attempt);

}  // namespace sandboxlet::agent
