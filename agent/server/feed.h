#pragma once

#include <grpcpp/server_context.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace sandboxlet::agent {

// What the core thread hands to one streaming call on a server's thread. Bounded: a client that
// reads too slowly for what happens loses its stream, never the agent its memory.
template <class T>
class Feed {
 public:
  // From the core thread.
  void push(T item) {
    const std::lock_guard guard(mutex_);
    overrun_ = overrun_ || items_.size() >= kMost;
    if (overrun_) {
      items_.clear();
    } else {
      items_.push_back(std::move(item));
    }
    filled_.notify_one();
  }
  void end() {
    const std::lock_guard guard(mutex_);
    ended_ = true;
    filled_.notify_one();
  }

  // From the server's thread; nothing when the client has gone, the feed has ended or was overrun.
  std::optional<T> pop(grpc::ServerContext& client) {
    std::unique_lock lock(mutex_);
    while (items_.empty()) {
      if (overrun_ || ended_ || client.IsCancelled()) return std::nullopt;
      filled_.wait_for(lock, std::chrono::milliseconds(100));
    }
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  bool overrun() const { return overrun_; }

 private:
  static constexpr size_t kMost = 4'096;

  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<T> items_;
  bool ended_ = false;
  bool overrun_ = false;
};

}  // namespace sandboxlet::agent
