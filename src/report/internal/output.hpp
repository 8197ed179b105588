#pragma once
// Output: a buffer in front of a Sink. Once the sink is closed everything is dropped; loops ask
// is_open() and stop.

#include <cstddef>
#include <string>
#include <string_view>

#include "report/report.hpp"

namespace tally::report {

class Output {
 public:
  explicit Output(Sink& sink) : sink_(sink) {}

  // Append here; call settle() now and then.
  [[nodiscard]] std::string& text() noexcept { return text_; }
  void append(std::string_view bytes) { text_.append(bytes); }

  // Hands the buffer to the sink when it has grown enough.
  void settle() {
    if (text_.size() >= kFlushBytes) {
      flush();
    }
  }
  void flush() {
    if (open_ && !text_.empty()) {
      open_ = sink_.write(text_);
    }
    text_.clear();
  }
  // Hands bytes over directly, after what is buffered.
  void write_through(std::string_view bytes) {
    flush();
    if (open_ && !bytes.empty()) {
      open_ = sink_.write(bytes);
    }
  }
  [[nodiscard]] bool is_open() const noexcept { return open_; }
  // The end of a writer: what is left goes out; false when the sink was closed.
  [[nodiscard]] bool finish() {
    flush();
    return open_;
  }

 private:
  static constexpr std::size_t kFlushBytes = std::size_t{64} << 10U;

  Sink& sink_;
  std::string text_;
  bool open_ = true;
};

}  // namespace tally::report
