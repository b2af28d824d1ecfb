#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>

namespace sandboxlet::cli {

// The terminal in raw mode, so that every key reaches the command; as it was again at the end.
class RawTerminal {
 public:
  // Does nothing where standard input is no terminal.
  RawTerminal();
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  std::optional<termios> before_;
};

struct WindowSize {
  uint32_t columns = 80;
  uint32_t rows = 24;
};
WindowSize window_size();

}  // namespace sandboxlet::cli
