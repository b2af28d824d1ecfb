#include "agent/suspend/test_swap.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/swap.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <utility>
#include <vector>

#include "agent/suspend/cgroup_files.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

constexpr char kControl[] = "/sys/class/zram-control";
constexpr char kLabel[] = "sandboxlet-test";
constexpr char kTurn[] = "/tmp/sandboxlet-test-swap.lock";
constexpr size_t kPage = 4096;
constexpr size_t kLabelAt = 1052;
constexpr char kMagic[] = "SWAPSPACE2";

std::string device(const std::string& number) { return "/dev/zram" + number; }
std::string block(const std::string& number) { return "/sys/block/zram" + number; }

// mkswap(8)'s first page: version 1, the last page's number, and a label.
std::string header(uint64_t bytes) {
  std::string page(kPage, '\0');
  const std::array<uint32_t, 2> version_and_last{1, static_cast<uint32_t>(bytes / kPage - 1)};
  std::memcpy(&page[1024], version_and_last.data(), sizeof(version_and_last));
  page.replace(kLabelAt, strlen(kLabel), kLabel);
  page.replace(kPage - 10, 10, kMagic);
  return page;
}

bool is_a_tests(const std::string& number) {
  const UniqueFd file(open(device(number).c_str(), O_RDONLY | O_CLOEXEC));
  std::string page(kPage, '\0');
  if (!file || read(file.get(), page.data(), kPage) != static_cast<ssize_t>(kPage)) return false;
  return page.compare(kLabelAt, sizeof(kLabel), kLabel, sizeof(kLabel)) == 0;
}

Result<> take_away(const std::string& number) {
  swapoff(device(number).c_str());
  CHECK_OK(write_cgroup_file(block(number) + "/reset", "1"));
  return write_cgroup_file(std::string(kControl) + "/hot_remove", number);
}

Result<> take_away_what_the_dead_left() {
  std::vector<std::string> numbers;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/block")) {
    const std::string name = entry.path().filename();
    if (name.starts_with("zram")) numbers.push_back(name.substr(4));
  }
  for (const auto& number : numbers) {
    if (is_a_tests(number)) CHECK_OK(take_away(number));
  }
  return {};
}

}  // namespace

Result<UniqueFd> turn_at_swap() {
  UniqueFd file(open(kTurn, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (flock(file.get(), LOCK_EX) != 0) return errno_error(kTurn);
  return file;
}

std::string TestSwap::why_not() {
  if (geteuid() != 0) return "making swap needs root";
  return access(kControl, F_OK) == 0 ? "" : "this machine has no zram";
}

Result<std::unique_ptr<TestSwap>> TestSwap::make(uint64_t bytes) {
  if (const std::string why = why_not(); !why.empty()) return Error(Code::kUnimplemented, why);
  std::unique_ptr<TestSwap> swap(new TestSwap);
  CHECK_OK(swap->begin(bytes).wrap("make swap"));
  return swap;
}

Result<> TestSwap::begin(uint64_t bytes) {
  TRY(turn_, turn_at_swap());
  CHECK_OK(take_away_what_the_dead_left());
  TRY(number_, read_cgroup_file(std::string(kControl) + "/hot_add"));
  number_.erase(number_.find_last_not_of('\n') + 1);
  CHECK_OK(write_cgroup_file(block(number_) + "/disksize", std::to_string(bytes)));
  CHECK_OK(write_cgroup_file(device(number_), header(bytes)));
  if (swapon(device(number_).c_str(), 0) != 0) return errno_error("swapon " + device(number_));
  return {};
}

Result<> TestSwap::remove() {
  const std::string number = std::exchange(number_, "");
  return number.empty() ? Result<>() : take_away(number);
}

TestSwap::~TestSwap() {
  const auto gone = remove();
  if (!gone) std::cerr << "swap of a test stays: " << gone.error().message() << "\n";
}

// zram's mm_stat: as it was, compressed, what memory that takes.
Result<uint64_t> TestSwap::memory_taken() const {
  TRY(const std::string stat, read_cgroup_file(block(number_) + "/mm_stat"));
  std::istringstream fields(stat);
  uint64_t original = 0;
  uint64_t compressed = 0;
  uint64_t taken = 0;
  if (!(fields >> original >> compressed >> taken)) {
    return Error(Code::kInternal, "cannot read mm_stat: " + stat);
  }
  return taken;
}

}  // namespace sandboxlet::agent
