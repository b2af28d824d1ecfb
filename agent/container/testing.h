#pragma once

#include <string>
#include <vector>

namespace sandboxlet::agent {

// "2026-01-02T03:04:<10 + second>.5Z stdout F <text>" with its newline.
std::string log_line(int second, const std::string& text);

// A directory of logs that goes with this object.
class LogDirectory {
 public:
  LogDirectory();
  ~LogDirectory();
  LogDirectory(const LogDirectory&) = delete;
  LogDirectory& operator=(const LogDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string path(const std::string& file) const { return path_ + "/" + file; }
  void append(const std::string& file, const std::string& text) const;
  void compress(const std::string& file, const std::string& text) const;
  void rename(const std::string& from, const std::string& to) const;
  // What a file holds, uncompressed.
  std::string text(const std::string& file) const;
  // Sorted.
  std::vector<std::string> names() const;

 private:
  const std::string path_;
};

}  // namespace sandboxlet::agent
