#include "agent/cluster/node_facts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/statvfs.h>

#include <memory>

#include "agent/node/machine.h"

namespace sandboxlet::agent {

namespace {

// Bytes of the file system that path is on; 0 where it cannot be said.
int64_t disk_size(const std::string& path) {
  struct statvfs disk {};
  if (statvfs(path.c_str(), &disk) != 0) return 0;
  return static_cast<int64_t>(disk.f_blocks) * static_cast<int64_t>(disk.f_frsize);
}

// IPv4 addresses of interfaces that are up, the loopback's left out.
std::vector<std::string> machine_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  std::vector<std::string> addresses;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    const bool up = (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0;
    if (!up || one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* const address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
    addresses.emplace_back(text.data());
    // The kubelet tells one of each family.
    break;
  }
  return addresses;
}

bool runtime_is_ready(const cri::v1::StatusResponse& response, std::string& trouble) {
  for (const auto& condition : response.status().conditions()) {
    if (condition.status() || condition.type() != "RuntimeReady") continue;
    trouble = condition.reason() + ": " + condition.message();
    return false;
  }
  return true;
}

NodeImage image_of(const cri::v1::Image& image) {
  NodeImage result;
  for (const auto& name : image.repo_tags()) result.names.push_back(name);
  for (const auto& name : image.repo_digests()) result.names.push_back(name);
  result.bytes = static_cast<int64_t>(image.size());
  return result;
}

}  // namespace

NodeFacts fixed_facts(const Config& config, std::string name, std::string version) {
  NodeFacts facts;
  facts.name = std::move(name);
  facts.agent_version = std::move(version);
  facts.addresses = machine_addresses();
  const int64_t memory = machine_memory();
  facts.capacity["cpu"] = std::to_string(machine_cpus());
  facts.capacity["memory"] = std::to_string(memory);
  facts.capacity["pods"] = std::to_string(config.max_sandboxes);
  facts.capacity["ephemeral-storage"] = std::to_string(disk_size(config.data_root));
  facts.allocatable = facts.capacity;
  facts.allocatable["memory"] =
      std::to_string(std::min(memory, config.pool.memory_bytes.value_or(memory)));
  return facts;
}

Task<NodeFacts> observe_node(NodeFacts fixed, cri::Runtime& runtime) {
  const auto version = co_await runtime.version();
  if (!version) {
    fixed.trouble = version.error().message();
    co_return fixed;
  }
  fixed.runtime_name = version->runtime_name();
  fixed.runtime_version = version->runtime_version();
  const auto status = co_await runtime.status(/*verbose=*/false);
  if (!status) {
    fixed.trouble = status.error().message();
    co_return fixed;
  }
  if (!runtime_is_ready(*status, fixed.trouble)) co_return fixed;
  cri::v1::ImageFilter all;
  const auto images = co_await runtime.list_images(std::move(all));
  if (!images) co_return fixed;
  for (const auto& image : *images) fixed.images.push_back(image_of(image));
  co_return fixed;
}

}  // namespace sandboxlet::agent
