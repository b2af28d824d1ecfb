#include "kube/fake_weather.h"

#include <utility>

namespace sandboxlet::kube {

FakeWeather::FakeWeather(FakeApiServer& server, Random random)
    : server_(server), random_(std::move(random)) {}

// Mostly short, now and then beyond what who waits has patience for.
Duration FakeWeather::some_time() {
  return std::chrono::milliseconds(random_() % (once_in(20) ? 40'000 : 200));
}

FakeAnswer FakeWeather::refusal() {
  switch (random_() % 4) {
    case 0:
      return refuse(403, "Forbidden", "forbidden, as the seed has it");
    case 1:
      return refuse(429, "TooManyRequests", "too many requests, as the seed has it");
    case 2:
      return refuse(500, "InternalError", "an error, as the seed has it");
    default:
      return refuse(503, "ServiceUnavailable", "not now, as the seed has it");
  }
}

FakeHttpFault FakeWeather::fault() {
  FakeHttpFault fault;
  fault.delay = some_time();
  fault.answer_delay = some_time();
  if (once_in(12)) {
    fault.refusal = refusal();
    if (once_in(2)) fault.retry_after_seconds = static_cast<int>(1 + random_() % 5);
  }
  fault.lost_before = once_in(20);
  fault.lost_after = once_in(20);
  return fault;
}

void FakeWeather::begin() {
  server_.fault = [this](const HttpRequest&) { return fault(); };
  server_.watch_fault = [this] {
    return FakeWatchFault{some_time(), /*drops=*/once_in(15), /*stalls=*/once_in(30)};
  };
}

void FakeWeather::strike() {
  switch (random_() % 8) {
    case 0:
      return server_.go_away();
    case 1:
    case 2:
      return server_.come_back();
    case 3:
      return server_.drop_watches();
    case 4:
      return server_.close_watches();
    case 5:
      return server_.stall_watches();
    case 6:
      server_.knows_watch_list = once_in(2);
      server_.refuses_expired = once_in(2);
      return;
    default:
      return server_.objects().compact();
  }
}

void FakeWeather::end() {
  server_.come_back();
  server_.fault = nullptr;
  server_.watch_fault = nullptr;
}

}  // namespace sandboxlet::kube
