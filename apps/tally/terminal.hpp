#pragma once
// What the terminal can do, and the progress line on it.

#include <chrono>
#include <cstdint>
#include <string>

namespace tally::app {

struct Terminal {
  bool output_is_terminal = false;
  bool error_is_terminal = false;
  bool color = false;  // standard output is a terminal, NO_COLOR is unset and TERM is not "dumb"
  unsigned width = 100;
};
[[nodiscard]] Terminal detect_terminal();

// One line on standard error that is rewritten at most ten times a second, and erased at the end.
// Silent when `enabled` is false (a pipe, --quiet), and for work of less than a quarter of a
// second.
class ProgressLine {
 public:
  explicit ProgressLine(bool enabled);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const std::string& text);

 private:
  bool enabled_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace tally::app
