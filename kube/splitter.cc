#include "kube/splitter.h"

namespace sandboxlet::kube {

void LineSplitter::feed(std::string_view piece, const TakePart& take_line) {
  for (size_t end = piece.find('\n'); end != piece.npos; end = piece.find('\n')) {
    const std::string_view line = piece.substr(0, end);
    if (rest_.empty()) {
      if (!line.empty()) take_line(line);
    } else {
      rest_.append(line);
      take_line(rest_);
      rest_.clear();
    }
    piece.remove_prefix(end + 1);
  }
  rest_.append(piece);
}

bool ListSplitter::follow_string(char c) {
  if (!in_string_) {
    if (c != '"') return false;
    in_string_ = true;
    if (depth_ == 1) last_text_.clear();
    return true;
  }
  if (c == '"' && !escaped_) {
    in_string_ = false;
  } else if (depth_ == 1) {
    last_text_ += c;
  }
  escaped_ = c == '\\' && !escaped_;
  return true;
}

// At depth 1 one is in the list, at 2 in its items, at 3 in one of them.
void ListSplitter::take(char c, const TakePart& take_item) {
  const int before = depth_;
  if (!follow_string(c)) {
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') --depth_;
  }
  if (before == 1 && depth_ == 2) in_items_ = c == '[' && last_text_ == "items";
  if (before == 2 && depth_ == 1) in_items_ = false;
  if (in_items_ && (before > 2 || depth_ > 2)) {
    item_ += c;
    if (depth_ > 2) return;
    take_item(item_);
    item_.clear();
  } else if (!in_items_ || before == 1) {
    // The commas between items go with them.
    rest_ += c;
  }
}

void ListSplitter::feed(std::string_view piece, const TakePart& take_item) {
  for (const char c : piece) take(c, take_item);
}

}  // namespace sandboxlet::kube
