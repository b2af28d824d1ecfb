#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>

#include "base/clock.h"

namespace sandboxlet {

// So many at a time, in the order of their coming. Belongs to the core thread; outlives its turns.
class Turns {
 public:
  // A place in the line that becomes a turn. Destroying it leaves the one or ends the other.
  class Turn {
   public:
    ~Turn() { turns_.leave(*this); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    bool has_come() const { return has_come_; }

   private:
    friend class Turns;
    Turn(Turns& turns, std::function<void()> on_come)
        : turns_(turns), on_come_(std::move(on_come)) {}

    Turns& turns_;
    const std::function<void()> on_come_;
    bool has_come_ = false;
    // Until the next is let in.
    std::unique_ptr<Timer> timer_;
  };

  // After longest the next is let in all the same: one that hangs is not to hold up all.
  Turns(Clock& clock, size_t at_once, Duration longest)
      : clock_(clock), free_(at_once), longest_(longest) {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // A turn that comes at once has come when this returns; of any other on_come tells, which neither
  // enters nor leaves.
  std::unique_ptr<Turn> enter(std::function<void()> on_come);

 private:
  void begin(Turn& turn);
  void let_next_in();
  void leave(Turn& turn);

  Clock& clock_;
  size_t free_;
  const Duration longest_;
  std::list<Turn*> waiting_;
};

}  // namespace sandboxlet
