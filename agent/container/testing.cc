#include "agent/container/testing.h"

#include <stdlib.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace sandboxlet::agent {

namespace fs = std::filesystem;

namespace {

std::string make_directory() {
  char name[] = "/tmp/logs-XXXXXX";
  return mkdtemp(name);
}

}  // namespace

std::string log_line(int second, const std::string& text) {
  return "2026-01-02T03:04:" + std::to_string(10 + second) + ".5Z stdout F " + text + "\n";
}

LogDirectory::LogDirectory() : path_(make_directory()) {}

LogDirectory::~LogDirectory() { fs::remove_all(path_); }

void LogDirectory::append(const std::string& file, const std::string& text) const {
  std::ofstream(path(file), std::ios::app) << text;
}

void LogDirectory::compress(const std::string& file, const std::string& text) const {
  const gzFile to = gzopen(path(file).c_str(), "wb");
  gzwrite(to, text.data(), text.size());
  gzclose(to);
}

void LogDirectory::rename(const std::string& from, const std::string& to) const {
  fs::rename(path(from), path(to));
}

std::string LogDirectory::text(const std::string& file) const {
  const gzFile from = gzopen(path(file).c_str(), "rb");
  std::array<char, 4096> block;
  std::string text;
  for (int size = 0; (size = gzread(from, block.data(), block.size())) > 0;) {
    text.append(block.data(), size);
  }
  gzclose(from);
  return text;
}

std::vector<std::string> LogDirectory::names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sandboxlet::agent
