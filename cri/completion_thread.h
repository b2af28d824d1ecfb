#pragma once

#include <grpcpp/completion_queue.h>

#include <thread>

namespace sandboxlet::cri {

// A gRPC operation under way: the tag that the queue hands back when it has ended.
class Completion {
 public:
  // Called once, on the completion thread. From here on the object owns itself.
  virtual void complete() = 0;

 protected:
  ~Completion() = default;
};

// The one thread that drains a gRPC CompletionQueue. It decides nothing: completions post
// themselves to the core. Its destructor waits until every operation has ended, so these are
// cancelled before. gRPC's own callback API is not used: its idle threads sleep up to 100 ms.
class CompletionThread {
 public:
  CompletionThread();
  ~CompletionThread();
  CompletionThread(const CompletionThread&) = delete;
  CompletionThread& operator=(const CompletionThread&) = delete;

  grpc::CompletionQueue& queue() { return queue_; }

 private:
  void drain();

  grpc::CompletionQueue queue_;
  std::thread thread_;
};

}  // namespace sandboxlet::cri
