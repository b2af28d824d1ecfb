#pragma once

#include <optional>
#include <string>

#include "base/backoff.h"
#include "base/clock.h"

namespace sandboxlet::kube {

// What a reflector decides, apart from what it does: how it asks next, and after how long. The
// rules are client-go's (tools/cache/reflector.go). Pure.

enum class Ask {
  kWatchList,  // a watch that begins with all there is
  kList,       // the same on servers that know no such watch
  kWatch,      // what changes after a version
};

// How one request ended.
enum class Ending {
  kListed,       // the whole state was taken
  kClosed,       // a watch's time was over
  kClosedEarly,  // within a second, and nothing came
  kExpired,      // the version is too old: 410, as a status or as an ERROR event
  kTooLarge,     // the version is newer than the server knows
  kRefused,      // a watch list was, and not for now: not every server can, nor every etcd
  kFailed,       // anything else: what was asked for is asked again
};

struct Reflection {
  // The newest that was seen; empty: any, as of now.
  std::string version;
  // The whole state is known as of version.
  bool synced = false;
  // The next sync is by a list.
  bool list_instead = false;
  Backoff backoff{.initial = std::chrono::milliseconds(800), .max = std::chrono::seconds(30)};
};

Ask next_ask(const Reflection& reflection);

// Notes how a request ended, at now, and answers how long to wait before the next: none, or as long
// as the server asked, or the back-off, stretched by up to itself (jitter in [0, 1)).
Duration note_ending(Reflection& reflection, Ending ending, std::optional<Duration> retry_after,
                     TimePoint now, double jitter);

}  // namespace sandboxlet::kube
