#include "bench/settle.h"

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace sandboxlet::bench {

namespace {

// Ticks of all processors since the start, as proc_stat(5) counts them.
struct Ticks {
  double idle = 0;
  double all = 0;
};

Ticks ticks() {
  std::ifstream file("/proc/stat");
  std::string cpu;
  file >> cpu;
  Ticks ticks;
  double value = 0;
  constexpr int kIdle = 3;
  constexpr int kWaitingForDisk = 4;
  for (int field = 0; field < 8 && file >> value; ++field) {
    ticks.all += value;
    if (field == kIdle || field == kWaitingForDisk) ticks.idle += value;
  }
  return ticks;
}

}  // namespace

void settle() {
  constexpr int kTries = 30;
  constexpr double kIdleEnough = 0.9;
  Ticks before = ticks();
  for (int i = 0; i < kTries; ++i) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const Ticks now = ticks();
    if (now.idle - before.idle >= kIdleEnough * (now.all - before.all)) return;
    before = now;
  }
}

}  // namespace sandboxlet::bench
