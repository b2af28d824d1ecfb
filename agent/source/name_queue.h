#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/task.h"

namespace sandboxlet::agent {

// Writers of one object, by its namespace and name: one after the other, in the order of their
// coming. On the core thread; turns may outlive it.
class NameQueue {
 public:
  using Key = std::pair<std::string, std::string>;
  // While any copy of it lives, all others of that name wait.
  using Turn = std::shared_ptr<void>;

  Task<Turn> enter(Key key);

 private:
  // Those who wait behind the one whose turn it is; a name is there while it is anybody's.
  using Lines = std::map<Key, std::list<std::function<void(Turn)>>>;

  static Turn turn_of(const std::shared_ptr<Lines>& lines, const Key& key);
  static void end_turn(const std::shared_ptr<Lines>& lines, const Key& key);

  const std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
};

}  // namespace sandboxlet::agent
