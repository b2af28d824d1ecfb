#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace sandboxlet::agent {

// The files and directories of one cgroup, by its absolute path in a hierarchy's mount.

Result<std::string> read_cgroup_file(const std::string& path);
Result<> write_cgroup_file(const std::string& path, const std::string& value);

bool cgroup_exists(const std::string& path);
// Idempotent.
Result<> make_cgroup(const std::string& path);
// With all below it. Idempotent; waits a little for processes that are just dying.
Result<> remove_cgroup(const std::string& path);
// The cgroups directly below, by name; none where there is no such cgroup.
Result<std::vector<std::string>> cgroups_in(const std::string& path);
// Of every process at any depth.
Result<std::vector<pid_t>> processes_below(const std::string& path);

// The number after "key " in a flat keyed file's text ("usage_usec 12\n..."), 0 where it is not.
uint64_t keyed_value(const std::string& text, const std::string& key);

}  // namespace sandboxlet::agent
