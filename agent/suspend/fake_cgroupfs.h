#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "agent/suspend/cgroup_files.h"

namespace sandboxlet::agent {

// A cgroup file system made of files, for what this machine may not have: like the kernel's, but
// that a new directory stays empty and a written value is not looked at.
class FakeCgroupfsTest : public testing::Test {
 protected:
  using Files = std::map<std::string, std::string>;

  ~FakeCgroupfsTest() override { std::filesystem::remove_all(mount_); }

  void add(const std::string& directory, const Files& files) {
    const std::filesystem::path path = mount_ + directory;
    std::filesystem::create_directories(path);
    for (const auto& [name, text] : files) std::ofstream{path / name} << text;
  }
  std::string content(const std::string& file) const {
    std::string text = read_cgroup_file(mount_ + file).value_or("none");
    return text.substr(0, text.find('\n'));
  }

  static std::string make_mount() {
    char name[] = "/tmp/sandboxlet-test-XXXXXX";
    return mkdtemp(name);
  }
  const std::string mount_ = make_mount();
};

}  // namespace sandboxlet::agent
