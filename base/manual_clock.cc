#include "base/manual_clock.h"

namespace sandboxlet {

class ManualClock::Handle : public Timer {
 public:
  Handle(std::weak_ptr<Timers> timers, Key key) : timers_(std::move(timers)), key_(key) {}
  ~Handle() override {
    if (auto timers = timers_.lock()) timers->pending.erase(key_);
  }

 private:
  std::weak_ptr<Timers> timers_;
  Key key_;
};

std::unique_ptr<Timer> ManualClock::call_at(TimePoint when, std::function<void()> callback) {
  Key key{std::max(when, now_), ++sequence_};
  timers_->pending.emplace(key, std::move(callback));
  return std::make_unique<Handle>(timers_, key);
}

void ManualClock::set(TimePoint now) {
  wall_ += now - now_;
  now_ = now;
}

void ManualClock::advance(Duration step) {
  const TimePoint end = now_ + step;
  while (!timers_->pending.empty() && timers_->pending.begin()->first.first <= end) {
    auto node = timers_->pending.extract(timers_->pending.begin());
    set(node.key().first);
    node.mapped()();
  }
  set(end);
}

TimePoint ManualClock::next() const {
  return timers_->pending.empty() ? TimePoint::max() : timers_->pending.begin()->first.first;
}

}  // namespace sandboxlet
