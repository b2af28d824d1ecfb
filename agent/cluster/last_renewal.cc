#include "agent/cluster/last_renewal.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace sandboxlet::agent {

namespace {

std::string path_in(const std::string& data_root) { return data_root + "/lease-renewed"; }

int64_t seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec;
}

// Another after each boot.
std::string boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

}  // namespace

Result<> save_renewal(const std::string& data_root, Duration age) {
  const int64_t ago = std::chrono::ceil<std::chrono::seconds>(age).count();
  const std::string path = path_in(data_root);
  const std::string fresh = path + ".new";
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << boot_id() << ' ' << seconds_of(CLOCK_BOOTTIME) - ago << ' '
         << seconds_of(CLOCK_REALTIME) - ago << '\n';
    if (!file.flush()) return Error(Code::kInternal, "write " + fresh);
  }
  std::error_code error;
  std::filesystem::rename(fresh, path, error);
  if (error) return Error(Code::kInternal, "rename " + fresh + ": " + error.message());
  return {};
}

std::optional<Duration> age_of_renewal(const std::string& data_root) {
  std::ifstream file(path_in(data_root));
  std::string boot;
  int64_t since_boot = 0;
  int64_t since_epoch = 0;
  if (!(file >> boot >> since_boot >> since_epoch)) return std::nullopt;
  const int64_t age = boot == boot_id() ? seconds_of(CLOCK_BOOTTIME) - since_boot
                                        : seconds_of(CLOCK_REALTIME) - since_epoch;
  // A second for what was cut off.
  return std::chrono::seconds(std::max<int64_t>(age, 0) + 1);
}

}  // namespace sandboxlet::agent
