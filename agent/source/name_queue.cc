#include "agent/source/name_queue.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>

namespace sandboxlet::agent {

// An ordinary function: g++ 12 miscompiles async_initiate inside a coroutine.
Task<NameQueue::Turn> NameQueue::enter(Key key) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Turn)>(
      [lines = lines_, key = std::move(key)](auto handler) {
        const auto executor = asio::get_associated_executor(handler);
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto go = [executor, shared](Turn turn) {
          asio::post(executor, [shared, turn = std::move(turn)]() mutable {
            std::move (*shared)(std::move(turn));
          });
        };
        const auto [line, is_first] = lines->try_emplace(key);
        if (is_first) {
          go(turn_of(lines, key));
        } else {
          line->second.push_back(std::move(go));
        }
      },
      asio::use_awaitable);
}

NameQueue::Turn NameQueue::turn_of(const std::shared_ptr<Lines>& lines, const Key& key) {
  return Turn(nullptr, [lines, key](void*) { end_turn(lines, key); });
}

void NameQueue::end_turn(const std::shared_ptr<Lines>& lines, const Key& key) {
  const auto line = lines->find(key);
  if (line->second.empty()) {
    lines->erase(line);
    return;
  }
  const auto next = std::move(line->second.front());
  line->second.pop_front();
  next(turn_of(lines, key));
}

}  // namespace sandboxlet::agent
