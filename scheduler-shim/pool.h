#pragma once

#include <boost/container_hash/hash.hpp>
#include <memory>
#include <unordered_map>
#include <utility>

namespace sandboxlet::scheduler {

// Holds each of equal values once: 100,000 Sandboxes of one template share it. A value lives as
// long as somebody holds it; the pool may die before its values. One thread. T is equality-
// comparable and hashed by boost::hash, which sees what BOOST_DESCRIBE_STRUCT tells.
template <class T>
class Pool {
 public:
  std::shared_ptr<const T> share(T value) {
    const auto known = shelf_->find(&value);
    if (known != shelf_->end()) return known->second.lock();
    const auto put_away = [shelf = std::weak_ptr<Shelf>(shelf_)](const T* gone) {
      if (const auto alive = shelf.lock()) alive->erase(gone);
      delete gone;
    };
    std::shared_ptr<const T> shared(new T(std::move(value)), put_away);
    shelf_->emplace(shared.get(), shared);
    return shared;
  }

  size_t size() const { return shelf_->size(); }

 private:
  struct Hash {
    size_t operator()(const T* value) const { return boost::hash<T>()(*value); }
  };
  struct Equal {
    bool operator()(const T* left, const T* right) const { return *left == *right; }
  };
  using Shelf = std::unordered_map<const T*, std::weak_ptr<const T>, Hash, Equal>;

  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

}  // namespace sandboxlet::scheduler
