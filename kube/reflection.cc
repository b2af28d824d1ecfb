#include "kube/reflection.h"

namespace sandboxlet::kube {

namespace {

// All there is must be read anew, from whatever the server has now.
void start_over(Reflection& reflection) {
  reflection.synced = false;
  reflection.version.clear();
}

}  // namespace

Ask next_ask(const Reflection& reflection) {
  if (reflection.synced) return Ask::kWatch;
  return reflection.list_instead ? Ask::kList : Ask::kWatchList;
}

Duration note_ending(Reflection& reflection, Ending ending, std::optional<Duration> retry_after,
                     TimePoint now, double jitter) {
  switch (ending) {
    case Ending::kListed:
      reflection.list_instead = false;
      return {};
    case Ending::kClosed:
      return {};
    case Ending::kRefused:
      reflection.list_instead = true;
      return {};
    case Ending::kExpired:
    case Ending::kTooLarge:
      start_over(reflection);
      break;
    case Ending::kClosedEarly:
    case Ending::kFailed:
      break;
  }
  reflection.backoff.fail(now);
  if (retry_after) return *retry_after;
  return std::chrono::duration_cast<Duration>(reflection.backoff.delay * (1 + jitter));
}

}  // namespace sandboxlet::kube
