#include "agent/rest/traffic.h"

#include "agent/traffic/packet_watch.h"
#include "agent/traffic/waiting_data.h"
#include "base/offload.h"

namespace sandboxlet::agent {

namespace {

// A process that was about to take something is not kept from it for so long.
constexpr Duration kShortly = std::chrono::seconds(10);

struct Begun {
  // It is io's, and ended there.
  std::shared_ptr<void> watch;
  Result<bool> is_waiting = false;
};

}  // namespace

Task<Result<bool>> Traffic::follow(std::string uid, pid_t pid, bool look) {
  auto tell = [this, uid](WallTime at) { listener_(uid, at); };
  auto begin = [this, pid, look, tell]() -> Result<Begun> {
    Begun begun;
    TRY(begun.watch, watch_packets(io_, pid, tell));
    if (look) begun.is_waiting = has_waiting_data(pid);
    return begun;
  };
  CO_TRY(Begun begun, co_await offload(pool_, begin));
  if (!begun.is_waiting) co_return std::move(begun.is_waiting);
  watches_.insert_or_assign(std::move(uid), std::move(begun.watch));
  co_return begun.is_waiting;
}

Task<Result<bool>> Traffic::missed(std::string, pid_t pid) {
  auto look = [pid] { return has_new_data(pid, kShortly); };
  co_return co_await offload(pool_, look);
}

}  // namespace sandboxlet::agent
