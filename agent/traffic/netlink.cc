#include "agent/traffic/netlink.h"

#include <sys/socket.h>

#include <algorithm>
#include <vector>

namespace sandboxlet::agent {

namespace {

// No message of a dump is larger (netlink.h: NLMSG_GOODSIZE is less).
constexpr size_t kBuffer = 65536;

enum class Progress { kMore, kDone };

Result<Progress> take(NetlinkBytes received, bool dump,
                      const std::function<void(NetlinkBytes)>& on_answer) {
  while (received.size() >= sizeof(nlmsghdr)) {
    const auto header = netlink_value<nlmsghdr>(received);
    if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > received.size()) break;
    if (header.nlmsg_type == NLMSG_DONE) return Progress::kDone;
    const NetlinkBytes payload = netlink_after<nlmsghdr>(received.substr(0, header.nlmsg_len));
    if (header.nlmsg_type == NLMSG_ERROR) {
      const int error = netlink_value<nlmsgerr>(payload).error;
      if (error == 0) return Progress::kDone;
      return errno_error("netlink", -error);
    }
    on_answer(payload);
    if (!dump) return Progress::kDone;
    received.remove_prefix(std::min<size_t>(NLMSG_ALIGN(header.nlmsg_len), received.size()));
  }
  return Progress::kMore;
}

}  // namespace

std::optional<NetlinkBytes> netlink_attribute(NetlinkBytes attributes, uint16_t type) {
  while (attributes.size() >= sizeof(nlattr)) {
    const auto header = netlink_value<nlattr>(attributes);
    if (header.nla_len < sizeof(nlattr) || header.nla_len > attributes.size()) break;
    if ((header.nla_type & NLA_TYPE_MASK) == type) {
      return attributes.substr(0, header.nla_len).substr(NLA_HDRLEN);
    }
    attributes.remove_prefix(std::min<size_t>(NLA_ALIGN(header.nla_len), attributes.size()));
  }
  return std::nullopt;
}

void add_netlink_attribute(std::string& payload, uint16_t type, NetlinkBytes value) {
  const nlattr header{static_cast<uint16_t>(NLA_HDRLEN + value.size()), type};
  payload.resize(NLMSG_ALIGN(payload.size()));
  payload.append(netlink_payload(header)).append(value);
}

Result<UniqueFd> open_netlink(int protocol) {
  UniqueFd opened(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!opened) return errno_error("open a netlink socket");
  return opened;
}

Result<> ask_netlink(const UniqueFd& socket, uint16_t type, uint16_t flags,
                     const std::string& payload,
                     const std::function<void(NetlinkBytes)>& on_answer) {
  const nlmsghdr header{static_cast<uint32_t>(NLMSG_HDRLEN + payload.size()), type,
                        static_cast<uint16_t>(NLM_F_REQUEST | flags), 0, 0};
  const std::string request = netlink_payload(header) + payload;
  if (send(socket.get(), request.data(), request.size(), 0) < 0) return errno_error("ask netlink");
  std::vector<char> buffer(kBuffer);
  for (;;) {
    const ssize_t size = recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) {
      if (errno == EINTR) continue;
      return errno_error("hear netlink");
    }
    const NetlinkBytes received(buffer.data(), static_cast<size_t>(size));
    TRY(const Progress progress, take(received, (flags & NLM_F_DUMP) == NLM_F_DUMP, on_answer));
    if (progress == Progress::kDone) return {};
  }
}

}  // namespace sandboxlet::agent
