#pragma once

#include <string>

namespace sandboxlet::agent {

// A directory of one test's own. It goes with all that was mounted and made in it, however the test
// ended.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The permission bits of path itself, 0 where there is none.
unsigned mode_of(const std::string& path);

}  // namespace sandboxlet::agent
