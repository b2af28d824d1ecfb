#include "base/task.h"

#include <spdlog/spdlog.h>

#include <cstdlib>

namespace sandboxlet {

void die_on_exception(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    spdlog::critical("uncaught exception: {}", e.what());
  }
  spdlog::shutdown();
  std::abort();
}

}  // namespace sandboxlet
