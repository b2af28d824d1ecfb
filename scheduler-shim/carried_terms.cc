#include "scheduler-shim/carried_terms.h"

namespace sandboxlet::scheduler {

TermId CarriedTerms::acquire(const CarriedTerm& term) {
  const auto [entry, made] = by_term_.try_emplace(term, TermId{});
  if (made) {
    if (free_.empty()) {
      free_.push_back(static_cast<TermId>(slots_.size()));
      slots_.emplace_back();
    }
    entry->second = free_.back();
    free_.pop_back();
    slots_[entry->second].term = term;
    if (by_matcher_.size() <= term.matcher) by_matcher_.resize(term.matcher + 1);
    by_matcher_[term.matcher].push_back(entry->second);
  }
  ++slots_[entry->second].users;
  return entry->second;
}

void CarriedTerms::release(TermId id) {
  Slot& slot = slots_[id];
  if (--slot.users > 0) return;
  std::erase(by_matcher_[slot.term.matcher], id);
  by_term_.erase(slot.term);
  slot = Slot();
  free_.push_back(id);
}

}  // namespace sandboxlet::scheduler
