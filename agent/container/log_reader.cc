#include "agent/container/log_reader.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

namespace sandboxlet::agent {

namespace {

constexpr int kLookAtCaller = 100;  // milliseconds
// How long, and how often, the runtime is waited for to let go of a file that it was told to leave.
constexpr int kLetGo = 5;  // milliseconds
constexpr int kPatience = 200;
// How often files are opened anew because they were rotated while they were being opened.
constexpr int kTries = 20;
// A runtime writes lines of at most 16 KiB; what is longer is no log of its.
constexpr size_t kMaxLine = 1 << 20;

// Like gzread, up to that position.
template <size_t kSize>
int read_until(gzFile file, std::array<char, kSize>& block, int64_t end) {
  return gzread(file, block.data(), std::min<int64_t>(block.size(), end - gztell(file)));
}

int64_t count_lines(gzFile file, int64_t end) {
  std::array<char, 65536> block;
  int64_t lines = 0;
  for (int size = 0; (size = read_until(file, block, end)) > 0;) {
    lines += std::count(block.begin(), block.begin() + size, '\n');
  }
  gzclearerr(file);
  gzrewind(file);
  return lines;
}

bool same_files(const std::vector<LogFile>& some, const std::vector<LogFile>& others) {
  return std::equal(
      some.begin(), some.end(), others.begin(), others.end(),
      [](const LogFile& a, const LogFile& b) { return a.name == b.name && a.inode == b.inode; });
}

}  // namespace

Result<LogReader> LogReader::open(const std::string& directory, uint32_t attempt,
                                  LogOptions options) {
  LogReader reader(attempt, options);
  CHECK_OK(reader.start(directory));
  return reader;
}

Result<> LogReader::start(const std::string& directory) {
  TRY(directory_, open_log_directory(directory));
  if (options_.follow) {
    changes_.reset(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    constexpr uint32_t kChanges = IN_MODIFY | IN_CREATE | IN_MOVED_TO;
    if (inotify_add_watch(changes_.get(), directory.c_str(), kChanges) < 0) {
      return errno_error("watch the log directory");
    }
  }
  CHECK_OK(open_parts_after(""));
  end_here();
  skip_to_tail();
  return {};
}

void LogReader::end_here() {
  if (options_.follow || parts_.empty()) return;
  Part& last = parts_.back();
  struct stat status {};
  const bool is_plain = gzdirect(last.file.get()) != 0;
  if (is_plain && fstat(last.fd, &status) == 0) last.end = status.st_size;
}

// From the newest part back, until there are enough lines.
void LogReader::skip_to_tail() {
  if (!options_.tail || parts_.empty()) return;
  int64_t lines = 0;
  auto first = parts_.end();
  do {
    --first;
    lines += count_lines(first->file.get(), first->end);
  } while (first != parts_.begin() && lines < *options_.tail);
  parts_.erase(parts_.begin(), first);
  skip_ = std::max<int64_t>(lines - *options_.tail, 0);
}

Result<std::vector<LogFile>> LogReader::files_after(const std::string& rotation) const {
  TRY(const auto all, list_logs(directory_.get()));
  std::vector<LogFile> files = rotated_files(all, name_);
  std::erase_if(files, [&](const LogFile& file) { return rotation_of(file.name) <= rotation; });
  const auto current = std::find_if(all.begin(), all.end(),
                                    [this](const LogFile& file) { return file.name == name_; });
  if (current != all.end()) files.push_back(*current);
  return files;
}

Result<LogReader::Part> LogReader::open_part(const LogFile& file) const {
  TRY(UniqueFd fd, open_log(directory_.get(), file.name));
  Part part;
  part.fd = fd.get();
  part.inode = file.inode;
  part.file.reset(gzdopen(fd.get(), "rb"));
  if (!part.file) return errno_error("read " + file.name);
  static_cast<void>(fd.release());
  return part;
}

Result<> LogReader::open_parts_after(const std::string& rotation) {
  TRY(auto files, files_after(rotation));
  for (int tries = 0; tries < kTries; ++tries) {
    std::deque<Part> parts;
    std::string newest = rotation;
    for (const auto& file : files) {
      auto part = open_part(file);
      if (!part && part.error().code() == Code::kNotFound) break;
      if (!part) return std::move(part.error());
      if (file.name != name_) newest = rotation_of(file.name);
      part->rotation = newest;
      parts.push_back(std::move(*part));
    }
    TRY(auto files_now, files_after(rotation));
    if (parts.size() == files.size() && same_files(files, files_now)) {
      parts_ = std::move(parts);
      return {};
    }
    files = std::move(files_now);
  }
  return Error(Code::kUnavailable, "the log is rotated too quickly to be read");
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
    const Part& part = parts_.front();
    const int size = read_until(part.file.get(), block, part.end);
    if (size <= 0) return std::nullopt;
    unfinished_.append(block.data(), size);
  }
}

bool LogReader::was_left() const {
  if (parts_.empty()) return false;
  if (parts_.size() > 1) return true;
  if (!options_.follow) return false;
  struct stat status {};
  return fstatat(directory_.get(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         status.st_ino != parts_.front().inode;
}

// It may have been renamed, and compressed, since it was opened.
Result<std::string> LogReader::rotation_of_front() const {
  const Part& front = parts_.front();
  struct stat status {};
  if (fstat(front.fd, &status) != 0) return errno_error("look at the log");
  const WallTime modified(std::chrono::seconds(status.st_mtim.tv_sec) +
                          std::chrono::nanoseconds(status.st_mtim.tv_nsec));
  TRY(const auto files, list_logs(directory_.get()));
  for (const auto& file : rotated_files(files, name_)) {
    const bool same_content = is_compressed(file.name) && file.modified == modified;
    if (file.inode == front.inode || same_content) return std::string(rotation_of(file.name));
  }
  return front.rotation;
}

Result<> LogReader::leave() {
  if (!is_complete_) {
    is_complete_ = !has_writer(parts_.front().fd) || ++patience_ > kPatience;
    // What was written meanwhile is read first.
    if (!is_complete_) poll(nullptr, 0, kLetGo);
    gzclearerr(parts_.front().file.get());
    return {};
  }
  TRY(last_rotation_, rotation_of_front());
  parts_.pop_front();
  unfinished_.clear();
  is_complete_ = false;
  patience_ = 0;
  return {};
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
    if (parts_.empty() && options_.follow) CHECK_OK(open_parts_after(last_rotation_));
    while (!parts_.empty()) {
      const auto text = read_line();
      if (!text) break;
      if (skip_ > 0) {
        --skip_;
        continue;
      }
      auto line = parse_log_line(*text);
      if (!line || (options_.since && line->time < *options_.since)) continue;
      return line;
    }
    if (was_left()) {
      CHECK_OK(leave());
      continue;
    }
    if (last) return std::optional<LogLine>();
    if (!parts_.empty()) gzclearerr(parts_.front().file.get());
    last = ended();
    if (!last) wait();
  }
}

}  // namespace sandboxlet::agent
