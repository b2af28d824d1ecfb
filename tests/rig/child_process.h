#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sandboxlet::test {

// One process of the test's own, found in PATH, its output added to a file. Ends with this object,
// or with the test's process. One caller at a time.
class ChildProcess {
 public:
  ChildProcess() = default;
  static Result<ChildProcess> start(const std::vector<std::string>& arguments,
                                    const std::string& log);
  ~ChildProcess() { kill(); }
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  // 0 where there is none.
  pid_t pid() const { return pid_; }
  // Its exit code, or 128 and the signal; nothing while it runs.
  std::optional<int> ended();
  // SIGKILL, and waits.
  void kill();
  // SIGTERM, and waits; answers its exit code.
  Result<int> stop();

 private:
  pid_t pid_ = 0;
};

// All of a small file; empty where there is none.
std::string read_text(const std::string& path);

}  // namespace sandboxlet::test
