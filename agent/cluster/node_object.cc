#include "agent/cluster/node_object.h"

#include <sys/utsname.h>

#include <algorithm>

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

constexpr char kApiVersion[] = "sandboxlet.io/v1alpha1";
constexpr char kKind[] = "SandboxNode";
// kubelet: nodeStatusMaxImages.
constexpr size_t kMaxImages = 50;

// As Go names it.
std::string architecture() {
  utsname name{};
  uname(&name);
  std::string machine = name.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

// The largest first.
Json images_of(std::vector<NodeImage> images) {
  std::stable_sort(images.begin(), images.end(),
                   [](const NodeImage& a, const NodeImage& b) { return a.bytes > b.bytes; });
  if (images.size() > kMaxImages) images.resize(kMaxImages);
  Json list = Json::array();
  for (const NodeImage& image : images) {
    list.push_back({{"names", image.names}, {"sizeBytes", image.bytes}});
  }
  return list;
}

Json ready_of(const NodeFacts& facts, const Json& seen, const api::Time& now) {
  const bool is_ready = facts.trouble.empty();
  Json ready{{"type", "Ready"},
             {"status", is_ready ? "True" : "False"},
             {"reason", is_ready ? "AgentReady" : "RuntimeNotReady"},
             {"message", is_ready ? "the agent runs and its runtime answers" : facts.trouble},
             {"lastTransitionTime", now}};
  const Json conditions = seen.value(Json::json_pointer("/status/conditions"), Json::array());
  for (const Json& before : conditions) {
    if (before.value("type", "") == "Ready" && before.value("status", "") == ready["status"]) {
      ready["lastTransitionTime"] = before.value("lastTransitionTime", now);
    }
  }
  return ready;
}

}  // namespace

Json node_object(const NodeFacts& facts) {
  Json object{{"apiVersion", kApiVersion}, {"kind", kKind}};
  object["metadata"]["name"] = facts.name;
  object["metadata"]["labels"] = {{"kubernetes.io/hostname", facts.name},
                                  {"kubernetes.io/os", "linux"},
                                  {"kubernetes.io/arch", architecture()}};
  return object;
}

Json node_status(const NodeFacts& facts, const Json& seen, const api::Time& now) {
  Json object{{"apiVersion", kApiVersion}, {"kind", kKind}};
  object["metadata"]["name"] = facts.name;
  Json& status = object["status"];
  status["agentVersion"] = facts.agent_version;
  status["runtime"] = {{"name", facts.runtime_name}, {"version", facts.runtime_version}};
  status["runtimeHandlers"] = Json::array();
  for (const auto& handler : facts.runtime_handlers) {
    status["runtimeHandlers"].push_back({{"name", handler}});
  }
  status["depths"] = facts.depths;
  status["depthsMissing"] = facts.depths_missing;
  status["capacity"] = facts.capacity;
  status["allocatable"] = facts.allocatable;
  status["addresses"] = Json::array({{{"type", "Hostname"}, {"address", facts.name}}});
  for (const auto& address : facts.addresses) {
    status["addresses"].push_back({{"type", "InternalIP"}, {"address", address}});
  }
  status["images"] = images_of(facts.images);
  status["conditions"] = Json::array({ready_of(facts, seen, now)});
  return object;
}

}  // namespace sandboxlet::agent
