#include "scheduler-shim/read_node_info.h"

#include <algorithm>

#include "scheduler-shim/read_selectors.h"
#include "scheduler-shim/requests.h"

namespace sandboxlet::scheduler {

namespace {

// Sizes reach beyond 32 bits, and a wrong one only costs a score.
int64_t read_size(const Json& image) {
  const auto found = image.find("sizeBytes");
  if (found == image.end() || !found->is_number_integer()) return 0;
  return std::clamp<int64_t>(found->get<int64_t>(), 0, kMaxQuantity);
}

void read_status(JsonReader& reader, const Json& status, NodeInfo& node) {
  node.allocatable = read_resources(reader, status, "allocatable");
  reader.each(status, "runtimeHandlers", [&](const Json& handler) {
    node.runtime_handlers.insert(reader.text(handler, "name"));
  });
  // A depth that this scheduler does not know yet is no fault of the node.
  for (const auto& depth : reader.texts(status, "depths")) {
    node.depths.insert(api::parse_depth(depth));
  }
  node.depths.erase(api::Depth::kRunning);
  reader.each(status, "images", [&](const Json& image) {
    node.images.push_back({reader.texts(image, "names"), read_size(image)});
  });
  reader.each(status, "conditions", [&](const Json& condition) {
    if (reader.text(condition, "type") == "Ready") {
      node.ready = reader.text(condition, "status") == "True";
    }
  });
}

}  // namespace

Result<NodeInfo> read_node_info(const Json& node) {
  if (!node.is_object()) return Error(Code::kInvalidArgument, "must be an object");
  JsonReader reader;
  NodeInfo info;
  reader.object(node, "metadata", [&](const Json& metadata) {
    info.name = reader.text(metadata, "name");
    info.labels = Labels(reader.text_map(metadata, "labels"));
  });
  if (info.name.empty()) reader.fail("metadata.name", "Required value");
  reader.object(node, "spec", [&](const Json& spec) {
    info.unschedulable = reader.boolean(spec, "unschedulable");
    info.taints = read_taints(reader, spec, "taints");
  });
  reader.object(node, "status", [&](const Json& status) { read_status(reader, status, info); });
  if (reader.error()) return *reader.error();
  return info;
}

}  // namespace sandboxlet::scheduler
