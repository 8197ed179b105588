#pragma once
// ByteBuffer: text that grows by many short pieces. Appending is inline (std::string's is a call),
// which is what the bulk of a report consists of.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "document/json_writer.hpp"

namespace tally::report {

class ByteBuffer {
 public:
  [[nodiscard]] std::string_view text() const noexcept { return {bytes_.get(), size_}; }
  void clear() noexcept { size_ = 0; }

  void append(std::string_view bytes) {
    std::ranges::copy(bytes, room(bytes.size()));  // an empty view may have no address
    size_ += bytes.size();
  }
  void append(char byte) {
    *room(1) = byte;
    ++size_;
  }
  // As a JSON string.
  void append_quoted(std::string_view text) {
    if (!document::is_plain_json_text(text)) {
      escaped_.clear();
      document::append_json_string(escaped_, text);
      append(escaped_);
      return;
    }
    char* at = room(text.size() + 2);
    *at = '"';
    std::ranges::copy(text, at + 1);
    at[text.size() + 1] = '"';
    size_ += text.size() + 2;
  }
  void append_number(std::uint64_t value);

 private:
  [[nodiscard]] char* room(std::size_t bytes) {
    if (capacity_ - size_ < bytes) {
      grow(bytes);
    }
    return bytes_.get() + size_;
  }
  void grow(std::size_t bytes);

  std::unique_ptr<char[]>
      bytes_;  // NOLINT(modernize-avoid-c-arrays): not initialised, which vector does
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::string escaped_;
};

}  // namespace tally::report
