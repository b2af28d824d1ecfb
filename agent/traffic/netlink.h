#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// Requests over a netlink socket, of whatever network it was opened in. Blocks, as long as the
// kernel takes.

// A message's payload, or an attribute's.
using NetlinkBytes = std::string_view;

// The T at the bytes' begin; zero where there is none.
template <class T>
T netlink_value(NetlinkBytes bytes) {
  T value{};
  if (bytes.size() >= sizeof(T)) std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// What follows a T, which is aligned.
template <class T>
NetlinkBytes netlink_after(NetlinkBytes bytes) {
  return bytes.substr(std::min<size_t>(NLMSG_ALIGN(sizeof(T)), bytes.size()));
}

// The first attribute of that type.
std::optional<NetlinkBytes> netlink_attribute(NetlinkBytes attributes, uint16_t type);

// A request's payload: a T, and at most one attribute.
template <class T>
std::string netlink_payload(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}
void add_netlink_attribute(std::string& payload, uint16_t type, NetlinkBytes value);

Result<UniqueFd> open_netlink(int protocol);

// Sends a request and hands on the payload of each answer: of all with NLM_F_DUMP among the flags,
// else of the one. A bare acknowledgement (NLM_F_ACK) is none.
Result<> ask_netlink(const UniqueFd& socket, uint16_t type, uint16_t flags,
                     const std::string& payload,
                     const std::function<void(NetlinkBytes)>& on_answer);

}  // namespace sandboxlet::agent
