#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::test {

// What a server answered, and how soon its first byte came after the client began to connect.
struct HttpAnswer {
  std::string text;
  Duration first_byte{};
};

// A connection to address:port; given up after so long.
Result<UniqueFd> connect_to(const std::string& address, uint16_t port, Duration limit);
// GET / over a connection of its own.
Result<HttpAnswer> http_get(const std::string& address, uint16_t port,
                            Duration limit = std::chrono::seconds(30));

}  // namespace sandboxlet::test
