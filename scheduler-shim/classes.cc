#include "scheduler-shim/classes.h"

#include <algorithm>
#include <optional>

namespace sandboxlet::scheduler {

int32_t Classes::default_priority() const {
  std::optional<int32_t> lowest;
  for (const auto& [name, info] : priority) {
    if (info.is_default) lowest = std::min(info.value, lowest.value_or(info.value));
  }
  return lowest.value_or(0);
}

}  // namespace sandboxlet::scheduler
