#include "agent/container/log_reader.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace sandboxlet::agent {

namespace {

constexpr int kLookAtCaller = 100;  // milliseconds
// A runtime writes lines of at most 16 KiB; what is longer is no log of its.
constexpr size_t kMaxLine = 1 << 20;

// Rotated ones by their time, which is their name's order; the current one last.
std::vector<std::string> files_of(const std::string& directory, const std::string& name) {
  std::vector<std::string> files;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    if (file.starts_with(name + ".") && !file.ends_with(".tmp")) files.push_back(file);
  }
  std::sort(files.begin(), files.end());
  files.push_back(name);
  return files;
}

int64_t lines_in(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rbe");
  if (file == nullptr) return 0;
  std::array<char, 65536> block;
  int64_t lines = 0;
  for (int size = 0; (size = gzread(file, block.data(), block.size())) > 0;) {
    lines += std::count(block.begin(), block.begin() + size, '\n');
  }
  gzclose(file);
  return lines;
}

}  // namespace

Result<LogReader> LogReader::open(std::string directory, uint32_t attempt, LogOptions options) {
  LogReader reader(std::move(directory), std::to_string(attempt) + ".log", options);
  CHECK_OK(reader.start());
  return reader;
}

Result<> LogReader::start() {
  if (options_.follow) {
    changes_.reset(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    constexpr uint32_t kChanges = IN_MODIFY | IN_CREATE | IN_MOVED_TO;
    if (inotify_add_watch(changes_.get(), directory_.c_str(), kChanges) < 0) {
      return errno_error("watch the log directory");
    }
  }
  waiting_ = files_of(directory_, name_);
  if (!options_.tail) return {};
  // From the newest file back, until there are enough lines.
  int64_t lines = 0;
  size_t first = waiting_.size();
  while (first > 0 && lines < *options_.tail) {
    lines += lines_in(directory_ + "/" + waiting_[--first]);
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(first));
  if (waiting_.empty()) waiting_.push_back(name_);
  skip_ = std::max<int64_t>(lines - *options_.tail, 0);
  if (*options_.tail == 0) skip_ = lines_in(directory_ + "/" + name_);
  return {};
}

Result<bool> LogReader::open_next() {
  if (waiting_.empty()) return false;
  const std::string path = directory_ + "/" + waiting_.front();
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return errno_error("log");
    // Rotated away meanwhile, or not there yet.
    if (waiting_.front() == name_) return false;
    waiting_.erase(waiting_.begin());
    return open_next();
  }
  file_.reset(gzopen(path.c_str(), "rbe"));
  if (!file_) return errno_error("log");
  inode_ = status.st_ino;
  is_current_ = waiting_.front() == name_;
  waiting_.erase(waiting_.begin());
  unfinished_.clear();
  return true;
}

std::optional<std::string> LogReader::read_line() {
  std::array<char, 32768> block;
  for (;;) {
    if (const size_t newline = unfinished_.find('\n'); newline != std::string::npos) {
      std::string line = unfinished_.substr(0, newline);
      unfinished_.erase(0, newline + 1);
      return line;
    }
    if (unfinished_.size() > kMaxLine) unfinished_.clear();
    const int size = gzread(file_.get(), block.data(), block.size());
    if (size <= 0) return std::nullopt;
    unfinished_.append(block.data(), size);
  }
}

// True where the current file is another one than that which is open.
bool LogReader::was_replaced() const {
  struct stat status {};
  return stat((directory_ + "/" + name_).c_str(), &status) == 0 && status.st_ino != inode_;
}

void LogReader::wait() {
  pollfd changed{changes_.get(), POLLIN, 0};
  if (poll(&changed, 1, kLookAtCaller) <= 0) return;
  std::array<char, 4096> events;
  while (read(changes_.get(), events.data(), events.size()) > 0) {
  }
}

Result<std::optional<LogLine>> LogReader::next(const std::function<bool()>& ended) {
  // What was written before the end is still read: the end is asked for first.
  for (bool last = !options_.follow;;) {
    if (!file_) {
      TRY(const bool opened, open_next());
      if (!opened && last) return std::optional<LogLine>();
      if (!opened) {
        last = ended();
        if (!last) wait();
        continue;
      }
    }
    while (const auto text = read_line()) {
      if (skip_ > 0) {
        --skip_;
        continue;
      }
      auto line = parse_log_line(*text);
      if (!line || (options_.since && line->time < *options_.since)) continue;
      return line;
    }
    if (!is_current_ || was_replaced()) {
      if (is_current_) waiting_.push_back(name_);
      file_.reset();
      continue;
    }
    if (last) return std::optional<LogLine>();
    gzclearerr(file_.get());
    last = ended();
    if (!last) wait();
  }
}

}  // namespace sandboxlet::agent
