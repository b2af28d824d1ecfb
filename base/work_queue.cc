#include "base/work_queue.h"

#include <deque>
#include <map>

namespace sandboxlet {

class WorkQueue::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& io, Clock& clock, size_t workers, Backoff backoff, Work work)
      : io_(io), clock_(clock), workers_(workers), backoff_(backoff), work_(std::move(work)) {}

  void add(const std::string& key) {
    Entry& entry = entry_of(key);
    entry.timer.reset();
    if (entry.due) return;
    entry.due = true;
    if (!entry.working) line_.push_back(key);
    begin();
  }

  void add_at(const std::string& key, TimePoint when) {
    Entry& entry = entry_of(key);
    if (!entry.due) wait(key, entry, when);
  }

  void forget(const std::string& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    found->second.due = false;
    found->second.forgotten = true;
    found->second.timer.reset();
    std::erase(line_, key);
    if (!found->second.working) entries_.erase(found);
  }

  void stop() {
    stopped_ = true;
    line_.clear();
    for (auto& [key, entry] : entries_) entry.timer.reset();
  }

  bool is_idle() const { return line_.empty() && working_ == 0; }

 private:
  struct Entry {
    Backoff backoff;
    bool due = false;
    bool working = false;
    bool forgotten = false;
    std::unique_ptr<Timer> timer;
  };

  Entry& entry_of(const std::string& key) {
    Entry& entry = entries_.try_emplace(key, Entry{backoff_}).first->second;
    entry.forgotten = false;
    return entry;
  }

  void wait(const std::string& key, Entry& entry, TimePoint when) {
    entry.timer = clock_.call_at(when, [this, key] { add(key); });
  }

  void begin() {
    while (!stopped_ && working_ < workers_ && !line_.empty()) {
      const std::string key = std::move(line_.front());
      line_.pop_front();
      Entry& entry = entries_.at(key);
      entry.due = false;
      entry.working = true;
      ++working_;
      asio::co_spawn(io_, perform(shared_from_this(), key), die_on_exception);
    }
  }

  Task<void> perform(std::shared_ptr<State> self, std::string key) {
    const Result<> done = co_await work_(key);
    if (!stopped_) end(key, done.has_value());
    static_cast<void>(self);
  }

  void end(const std::string& key, bool well) {
    --working_;
    Entry& entry = entries_.at(key);
    entry.working = false;
    if (well) {
      entry.backoff.reset();
    } else {
      entry.backoff.fail(clock_.now());
    }
    if (entry.due) {
      line_.push_back(key);
    } else if (entry.forgotten || (well && !entry.timer)) {
      entries_.erase(key);
    } else if (!well) {
      wait(key, entry, entry.backoff.next_try());
    }
    begin();
  }

  asio::io_context& io_;
  Clock& clock_;
  const size_t workers_;
  const Backoff backoff_;
  const Work work_;
  std::map<std::string, Entry> entries_;
  // Those that are due and not worked on, the next one first.
  std::deque<std::string> line_;
  size_t working_ = 0;
  bool stopped_ = false;
};

WorkQueue::WorkQueue(asio::io_context& io, Clock& clock, size_t workers, Backoff backoff, Work work)
    : state_(std::make_shared<State>(io, clock, workers, backoff, std::move(work))) {}

WorkQueue::~WorkQueue() { state_->stop(); }

void WorkQueue::add(const std::string& key) { state_->add(key); }
void WorkQueue::add_at(const std::string& key, TimePoint when) { state_->add_at(key, when); }
void WorkQueue::forget(const std::string& key) { state_->forget(key); }
bool WorkQueue::is_idle() const { return state_->is_idle(); }

}  // namespace sandboxlet
