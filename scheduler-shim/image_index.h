#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduler-shim/node_table.h"

namespace sandboxlet::scheduler {

// Which nodes have which images. Names are held once for all nodes. Belongs to the Cache.
class ImageIndex {
 public:
  struct Holder {
    NodeId node = kNoNode;
    int64_t size_bytes = 0;
    bool operator==(const Holder&) const = default;
  };

  // What the node has from now on.
  void set(NodeId node, const std::vector<NodeImage>& images);
  // The nodes that have the image of that name.
  std::span<const Holder> holders(const std::string& name) const;

 private:
  struct Image {
    std::string name;
    // Sorted by node.
    std::vector<Holder> holders;
  };
  using ImageId = uint32_t;
  struct Held {
    ImageId image = 0;
    int64_t size_bytes = 0;
    bool operator==(const Held&) const = default;
  };

  ImageId find_or_make(const std::string& name);
  void add(NodeId node, const Held& held);
  void remove(NodeId node, ImageId image);

  std::unordered_map<std::string, ImageId> by_name_;
  std::vector<Image> images_;
  std::vector<ImageId> free_;
  std::vector<std::vector<Held>> of_node_;
};

}  // namespace sandboxlet::scheduler
