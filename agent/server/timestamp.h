#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "base/clock.h"

namespace sandboxlet::agent {

inline void set_timestamp(google::protobuf::Timestamp& to, WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  to.set_seconds(seconds.count());
  to.set_nanos(static_cast<int32_t>((since_epoch - seconds).count()));
}

inline WallTime wall_time(const google::protobuf::Timestamp& time) {
  return WallTime(std::chrono::seconds(time.seconds()) + std::chrono::nanoseconds(time.nanos()));
}

}  // namespace sandboxlet::agent
