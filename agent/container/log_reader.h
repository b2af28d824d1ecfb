#pragma once

#include <zlib.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/container/log_files.h"
#include "agent/container/log_format.h"

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
// ("3.log.20260102-030405.gz", then "3.log"), also those that happen meanwhile: it holds open what
// it has yet to read, leaves a file only when nobody writes to it any more, and goes on with the
// next one by name. Lines are lost only where files are removed before it comes to open them.
// Blocks: for a server's thread. Memory is bounded by one line.
class LogReader {
 public:
  // directory holds the container's logs; attempt names the file.
  static Result<LogReader> open(const std::string& directory, uint32_t attempt, LogOptions options);

  // The next line; nothing at the end. While it follows, ended is asked from time to time, and says
  // that no more will come or nobody listens any more. What is no line of a log is left out.
  Result<std::optional<LogLine>> next(const std::function<bool()>& ended);

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  // A file of the log, open.
  struct Part {
    std::unique_ptr<gzFile_s, Close> file;
    int fd = -1;
    uint64_t inode = 0;
    // Of what is read of it, in bytes.
    int64_t end = INT64_MAX;
    // The newest rotation that it is not older than.
    std::string rotation;
  };

  LogReader(uint32_t attempt, LogOptions options) : name_(log_name(attempt)), options_(options) {}
  Result<> start(const std::string& directory);
  // Without following, what is written from now on is not asked for.
  void end_here();
  void skip_to_tail();
  // All there is after that rotation, the current one last.
  Result<std::vector<LogFile>> files_after(const std::string& rotation) const;
  // Opens all of that, as it was at one instant.
  Result<> open_parts_after(const std::string& rotation);
  Result<Part> open_part(const LogFile& file) const;
  // The next raw line of the part in front; nothing at its end.
  std::optional<std::string> read_line();
  // Whether more is to be read after the part in front, which is read to its end.
  bool was_left() const;
  // Lets it go, unless somebody still writes to it.
  Result<> leave();
  Result<std::string> rotation_of_front() const;
  void wait();

  const std::string name_;  // "3.log"
  const LogOptions options_;
  UniqueFd directory_;
  UniqueFd changes_;
  std::deque<Part> parts_;  // the one that is read in front
  // Where it goes on when there is no part.
  std::string last_rotation_;
  // Nobody writes to the part in front any more; what is in it was not all read before.
  bool is_complete_ = false;
  int patience_ = 0;
  int64_t skip_ = 0;
  std::string unfinished_;
};

}  // namespace sandboxlet::agent
