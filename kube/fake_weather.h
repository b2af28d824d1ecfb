#pragma once

#include <cstdint>
#include <functional>

#include "kube/fake_api_server.h"

namespace sandboxlet::kube {

// Bad days of a FakeApiServer, in an order that a source of random numbers decides. Outlives none
// of the two.
class FakeWeather {
 public:
  using Random = std::function<uint64_t()>;

  FakeWeather(FakeApiServer& server, Random random);

  // Requests are refused, lost and late, events lag behind, watches break and stall.
  void begin();
  // One thing that happens to the whole server: it goes or comes back, all watches end or stall,
  // old versions are forgotten.
  void strike();
  // All is well from now on; what is under way is still late.
  void end();

 private:
  bool once_in(uint64_t times) { return random_() % times == 0; }
  Duration some_time();
  FakeHttpFault fault();
  FakeAnswer refusal();

  FakeApiServer& server_;
  const Random random_;
};

}  // namespace sandboxlet::kube
