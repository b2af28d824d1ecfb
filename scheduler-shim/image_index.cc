#include "scheduler-shim/image_index.h"

#include <algorithm>

namespace sandboxlet::scheduler {

namespace {

auto place_of(auto& holders, NodeId node) {
  return std::lower_bound(holders.begin(), holders.end(), node,
                          [](const auto& holder, NodeId wanted) { return holder.node < wanted; });
}

}  // namespace

void ImageIndex::set(NodeId node, const std::vector<NodeImage>& images) {
  if (of_node_.size() <= node) of_node_.resize(node + 1);
  std::vector<Held> held;
  for (const auto& image : images) {
    for (const auto& name : image.names) held.push_back({find_or_make(name), image.size_bytes});
  }
  if (held == of_node_[node]) return;
  // The new ones first, so that what stays is not forgotten in between.
  for (const Held& one : held) add(node, one);
  for (const Held& old : of_node_[node]) {
    const auto stays = [&](const Held& one) { return one.image == old.image; };
    if (std::none_of(held.begin(), held.end(), stays)) remove(node, old.image);
  }
  of_node_[node] = std::move(held);
}

std::span<const ImageIndex::Holder> ImageIndex::holders(const std::string& name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return {};
  return images_[found->second].holders;
}

ImageIndex::ImageId ImageIndex::find_or_make(const std::string& name) {
  const auto [entry, made] = by_name_.try_emplace(name, ImageId{});
  if (made) {
    if (free_.empty()) {
      free_.push_back(static_cast<ImageId>(images_.size()));
      images_.emplace_back();
    }
    entry->second = free_.back();
    free_.pop_back();
    images_[entry->second].name = name;
  }
  return entry->second;
}

void ImageIndex::add(NodeId node, const Held& held) {
  auto& holders = images_[held.image].holders;
  const auto place = place_of(holders, node);
  if (place == holders.end() || place->node != node) {
    holders.insert(place, {node, held.size_bytes});
  } else {
    place->size_bytes = held.size_bytes;
  }
}

void ImageIndex::remove(NodeId node, ImageId id) {
  Image& image = images_[id];
  const auto place = place_of(image.holders, node);
  if (place == image.holders.end() || place->node != node) return;
  image.holders.erase(place);
  if (!image.holders.empty()) return;
  by_name_.erase(image.name);
  image = Image();
  free_.push_back(id);
}

}  // namespace sandboxlet::scheduler
