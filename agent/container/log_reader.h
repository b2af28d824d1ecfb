#pragma once

#include <zlib.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/container/log_format.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

struct LogOptions {
  // Waits for more until the log has ended.
  bool follow = false;
  // Only the last lines, so many; unset: all.
  std::optional<int64_t> tail;
  // Only lines of this time or later.
  std::optional<WallTime> since;
};

// Reads the log of one container from its first file that is still there, across rotations
// ("3.log.20260102-030405.gz", then "3.log"). Blocks: for a server's thread. Memory is bounded by
// one line.
class LogReader {
 public:
  // directory holds the container's logs; attempt names the file.
  static Result<LogReader> open(std::string directory, uint32_t attempt, LogOptions options);

  // The next line; nothing at the end. While it follows, ended is asked from time to time, and says
  // that no more will come or nobody listens any more. What is no line of a log is left out.
  Result<std::optional<LogLine>> next(const std::function<bool()>& ended);

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  using File = std::unique_ptr<gzFile_s, Close>;

  LogReader(std::string directory, std::string name, LogOptions options)
      : directory_(std::move(directory)), name_(std::move(name)), options_(options) {}
  Result<> start();
  // The next raw line of the file that is open; nothing at its end.
  std::optional<std::string> read_line();
  // Opens the next file; false where there is none yet.
  Result<bool> open_next();
  bool was_replaced() const;
  void wait();

  std::string directory_;
  std::string name_;  // "3.log"
  LogOptions options_;
  std::vector<std::string> waiting_;  // files to be read, the oldest first
  File file_;
  bool is_current_ = false;
  uint64_t inode_ = 0;
  int64_t skip_ = 0;
  std::string unfinished_;
  UniqueFd changes_;
};

}  // namespace sandboxlet::agent
