#include "tests/rig/http_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <string_view>

namespace sandboxlet::test {

namespace {

timeval time_of(Duration duration) {
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return {whole / 1'000'000, whole % 1'000'000};
}

}  // namespace

Result<UniqueFd> connect_to(const std::string& address, uint16_t port, Duration limit) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) {
    return Error(Code::kInvalidArgument, "not an address: " + address);
  }
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval wait = time_of(limit);
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    return errno_error("connect to " + address);
  }
  return socket;
}

Result<HttpAnswer> http_get(const std::string& address, uint16_t port, Duration limit) {
  using std::chrono::steady_clock;
  const auto begun = steady_clock::now();
  TRY(const UniqueFd socket, connect_to(address, port, limit));
  constexpr std::string_view kRequest = "GET / HTTP/1.0\r\n\r\n";
  if (send(socket.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) {
    return errno_error("send");
  }
  HttpAnswer answer;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) return errno_error("receive");
    if (got == 0) break;
    if (answer.text.empty()) answer.first_byte = steady_clock::now() - begun;
    answer.text.append(buffer.data(), static_cast<size_t>(got));
  }
  if (answer.text.empty()) return Error(Code::kUnavailable, "the server closed without an answer");
  return answer;
}

}  // namespace sandboxlet::test
