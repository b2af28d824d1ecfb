#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace sandboxlet::kube {

// Takes a body apart that comes in pieces of any size, so that never more than one object of it is
// held. Both are plain state; what they hand out lives only through the call.
using TakePart = std::function<void(std::string_view part)>;

// The lines of a watch.
class LineSplitter {
 public:
  void feed(std::string_view piece, const TakePart& take_line);
  // What came after the last line break.
  const std::string& rest() const { return rest_; }

 private:
  std::string rest_;
};

// The objects of a list ("items" of the outermost object). Whatever is no JSON is handed on as it
// is, for the parser to refuse.
class ListSplitter {
 public:
  void feed(std::string_view piece, const TakePart& take_item);
  // Once the body has ended: the list with its items left out.
  const std::string& rest() const { return rest_; }

 private:
  void take(char c, const TakePart& take_item);
  // True where c is part of a string, its quotes included.
  bool follow_string(char c);

  // All but the items.
  std::string rest_;
  std::string item_;
  // The string that was last read in the outermost object: before a '[', its key.
  std::string last_text_;
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_items_ = false;
};

}  // namespace sandboxlet::kube
