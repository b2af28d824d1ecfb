#include "agent/sandbox/resume_queue.h"

namespace sandboxlet::agent {

ResumeQueue::Place::~Place() { queue_.waiting_.remove(this); }

std::unique_ptr<ResumeQueue::Place> ResumeQueue::enter(std::function<void()> on_turn) {
  std::unique_ptr<Place> place(new Place(*this, std::move(on_turn)));
  place->has_come_ = !is_short_ && waiting_.empty();
  if (!place->has_come_) waiting_.push_back(place.get());
  return place;
}

void ResumeQueue::set_short(bool is_short) {
  is_short_ = is_short;
  if (is_short_ || waiting_.empty()) return;
  Place* const next = waiting_.front();
  waiting_.pop_front();
  next->has_come_ = true;
  next->on_turn_();
}

}  // namespace sandboxlet::agent
