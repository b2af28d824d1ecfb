#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// The files and directories of one cgroup, by its absolute path in a hierarchy's mount. A cgroup
// may vanish under the reader, for the runtime removes its own: at path itself that is kNotFound,
// below it one cgroup less.

Result<std::string> read_cgroup_file(const std::string& path);
// A file of up to 4 KiB that is read again and again, and open all the time: measured, 0.7 us a
// read in place of 6.5. One whose cgroup was removed has nothing to read any more (ENODEV).
class OpenCgroupFile {
 public:
  static Result<OpenCgroupFile> open(std::string path);
  Result<std::string> read() const;

 private:
  OpenCgroupFile(std::string path, UniqueFd file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  UniqueFd file_;
};

// In one write(2): the kernel takes each as one decision.
Result<> write_cgroup_file(const std::string& path, const std::string& value);

// The number that is all of a file's text, as of "cpuacct.usage"; path is for the error.
Result<uint64_t> cgroup_number(const std::string& text, const std::string& path);
Result<uint64_t> read_cgroup_number(const std::string& path);
// The number after "key " in a flat keyed file's text ("usage_usec 12\n..."), 0 where it is not.
uint64_t keyed_value(std::string_view text, std::string_view key);

// Idempotent.
Result<> make_cgroup(const std::string& path);
// With all below it. Idempotent; waits a little for processes that are just dying.
Result<> remove_cgroup(const std::string& path);
// The cgroups directly below, by name; none where there is no such cgroup.
Result<std::vector<std::string>> cgroups_in(const std::string& path);

// Of every process at any depth.
Result<std::vector<pid_t>> processes_below(const std::string& path);
// Writes value to the file of that name in path and in every cgroup below, the deepest first.
Result<> write_below(const std::string& path, const std::string& file, const std::string& value);

}  // namespace sandboxlet::agent
