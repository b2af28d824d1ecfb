#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace sandboxlet {

// Keys that are to be worked on, so many at a time, each by one worker at a time; a key that is
// added while it is worked on is worked on once more (client-go: util/workqueue). One whose work
// failed comes again after a back-off of its own. Belongs to the core thread; destroying it begins
// nothing more, and what is under way ends by itself.
class WorkQueue {
 public:
  // Lives until it has ended, whatever becomes of the queue.
  using Work = std::function<Task<Result<>>(std::string key)>;

  WorkQueue(asio::io_context& io, Clock& clock, size_t workers, Backoff backoff, Work work);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  // Soon, also where it waits for its back-off.
  void add(const std::string& key);
  // At when, if it is not added until then; who works on a key can bring it back in this way. A
  // back-off that follows takes its place.
  void add_at(const std::string& key, TimePoint when);
  // No more, but for what is under way.
  void forget(const std::string& key);
  // Nothing is under way or due; what waits for its time does not count.
  bool is_idle() const;

 private:
  class State;
  const std::shared_ptr<State> state_;
};

}  // namespace sandboxlet
