#include "base/turns.h"

namespace sandboxlet {

std::unique_ptr<Turns::Turn> Turns::enter(std::function<void()> on_come) {
  std::unique_ptr<Turn> turn(new Turn(*this, std::move(on_come)));
  if (free_ == 0) {
    waiting_.push_back(turn.get());
  } else {
    --free_;
    begin(*turn);
  }
  return turn;
}

void Turns::begin(Turn& turn) {
  turn.has_come_ = true;
  turn.timer_ = clock_.call_after(longest_, [this, &turn] {
    turn.timer_.reset();
    let_next_in();
  });
}

void Turns::let_next_in() {
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  Turn& next = *waiting_.front();
  waiting_.pop_front();
  begin(next);
  next.on_come_();
}

void Turns::leave(Turn& turn) {
  if (!turn.has_come_) {
    waiting_.remove(&turn);
  } else if (turn.timer_) {
    let_next_in();
  }
}

}  // namespace sandboxlet
