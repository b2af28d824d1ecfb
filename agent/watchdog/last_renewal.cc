#include "agent/watchdog/last_renewal.h"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <sstream>

#include "agent/watchdog/small_file.h"

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

Result<> save_renewal(const std::string& data_root, const Clock& clock, TimePoint asked_at) {
  // Read before the age: whatever comes between makes it look older.
  const int64_t since_boot = seconds_of(CLOCK_BOOTTIME);
  const int64_t since_epoch = seconds_of(CLOCK_REALTIME);
  const int64_t ago = std::chrono::ceil<std::chrono::seconds>(clock.now() - asked_at).count();
  std::ostringstream text;
  text << boot_id() << ' ' << since_boot - ago << ' ' << since_epoch - ago << '\n';
  return replace_file(path_in(data_root), text.str());
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
