#include "scheduler-shim/scores/scores.h"

namespace sandboxlet::scheduler {

namespace {

// Below that many bytes of images there is no score; from so many a container it is full.
constexpr int64_t kLeastBytes = int64_t{23} << 20;
constexpr int64_t kMostBytesOfContainer = int64_t{1000} << 20;

class ImageLocality : public Score {
 public:
  int64_t weight() const override { return 1; }

  bool score(const Subject& subject, std::span<const NodeId> nodes,
             std::span<int64_t> scores) override {
    if (!sum_up(subject)) return false;
    const auto containers = static_cast<int64_t>(subject.spec().images.size());
    const int64_t most = kMostBytesOfContainer * containers;
    for (size_t i = 0; i < nodes.size(); ++i) {
      const int64_t bytes = std::clamp(bytes_[nodes[i]], kLeastBytes, most);
      scores[i] = kMaxScore * (bytes - kLeastBytes) / (most - kLeastBytes);
    }
    return true;
  }

 private:
  // An image on few nodes counts less, so that these are not overrun. False where no node has any.
  bool sum_up(const Subject& subject) {
    const auto nodes = static_cast<double>(subject.cache.nodes().order().size());
    bool any = false;
    for (const auto& image : subject.spec().images) {
      const auto holders = subject.cache.images().holders(image);
      if (holders.empty()) continue;
      if (!any) bytes_.assign(subject.cache.nodes().size(), 0);
      any = true;
      const double spread = static_cast<double>(holders.size()) / nodes;
      for (const auto& [node, size] : holders) {
        bytes_[node] += static_cast<int64_t>(static_cast<double>(size) * spread);
      }
    }
    return any;
  }

  // By NodeId.
  std::vector<int64_t> bytes_;
};

}  // namespace

std::unique_ptr<Score> make_image_locality_score() { return std::make_unique<ImageLocality>(); }

}  // namespace sandboxlet::scheduler
