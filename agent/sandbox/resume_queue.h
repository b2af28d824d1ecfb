#pragma once

#include <functional>
#include <list>
#include <memory>

namespace sandboxlet::agent {

// Who waits for memory to be resumed, first come, first served: rather that than a node that runs
// out of it (design: suspend.md). Belongs to the core thread; outlives every place in it.
class ResumeQueue {
 public:
  // Destroying it leaves the queue.
  class Place {
   public:
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    bool has_come() const { return has_come_; }

   private:
    friend class ResumeQueue;
    Place(ResumeQueue& queue, std::function<void()> on_turn)
        : queue_(queue), on_turn_(std::move(on_turn)) {}
    ResumeQueue& queue_;
    const std::function<void()> on_turn_;
    bool has_come_ = false;
  };

  // Its turn has come already where memory is not short and nobody waits; else on_turn is called
  // then.
  std::unique_ptr<Place> enter(std::function<void()> on_turn);
  // As memory is now. Where it is not short the next one's turn comes, and only theirs: what it
  // takes is to be seen first.
  void set_short(bool is_short);

 private:
  bool is_short_ = false;
  std::list<Place*> waiting_;
};

}  // namespace sandboxlet::agent
