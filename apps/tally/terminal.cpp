#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "output.hpp"

namespace tally::app {

Terminal detect_terminal() {
  Terminal terminal;
  terminal.output_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  terminal.error_is_terminal = ::isatty(STDERR_FILENO) == 1;
  // https://no-color.org: any value that is not empty. Read before any thread exists.
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  const char* term = std::getenv("TERM");          // NOLINT(concurrency-mt-unsafe)
  const bool refused = (no_color != nullptr && *no_color != '\0') ||
                       (term != nullptr && std::string_view{term} == "dumb");
  terminal.color = terminal.output_is_terminal && !refused;
  winsize size{};
  if (terminal.output_is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
      size.ws_col > 0) {
    terminal.width = std::clamp<unsigned>(size.ws_col, 40, 200);
  }
  return terminal;
}

ProgressLine::ProgressLine(bool enabled)
    : enabled_(enabled), next_(std::chrono::steady_clock::now() + std::chrono::milliseconds(250)) {}

ProgressLine::~ProgressLine() {
  if (shown_) {
    print_error("\r\x1b[K");
  }
}

void ProgressLine::show(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || now < next_) {
    return;
  }
  next_ = now + std::chrono::milliseconds(100);
  shown_ = true;
  print_error("\r\x1b[K" + text);
}

}  // namespace tally::app
