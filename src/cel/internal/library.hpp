#pragma once
// What the function families share: texts and lists that grow in the arena, code points, errors.
//
// Texts of CEL are valid UTF-8; positions and sizes that users see count code points, ours bytes.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/arena.hpp"
#include "cel/function.hpp"
#include "cel/internal/text_size.hpp"
#include "cel/value.hpp"

namespace tally::cel {

// No function returns a longer text: replace() and join() could otherwise square their input.
inline constexpr std::size_t kTextBytesMax = std::size_t{64} << 20U;

// A text that grows in the arena. Past kTextBytesMax it stops growing and finish() is an error.
class TextBuilder {
 public:
  explicit TextBuilder(Arena& arena, std::size_t capacity = 0) noexcept : arena_(&arena) {
    if (capacity != 0) {
      grow(capacity);
    }
  }

  void add(char c) {
    if (size_ == capacity_) {
      grow(1);
    }
    if (!too_long_) {
      data_[size_++] = c;
    }
  }
  void add(std::string_view text);
  void add(char32_t code_point);
  void add_repeated(char c, std::size_t count);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool too_long() const noexcept { return too_long_; }
  [[nodiscard]] std::string_view text() const noexcept { return {data_, size_}; }
  // A string value, or the error that the text is too long.
  [[nodiscard]] Value finish();

 private:
  void grow(std::size_t more);

  Arena* arena_;
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  bool too_long_ = false;
};

// A list that grows in the arena.
class ListBuilder {
 public:
  explicit ListBuilder(Arena& arena, std::size_t capacity = 0) : arena_(&arena) {
    if (capacity != 0) {
      grow(capacity);
    }
  }
  void add(const Value& value) {
    if (size_ == capacity_) {
      grow(capacity_ == 0 ? 8 : capacity_ * 2);
    }
    items_[size_++] = value;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<Value> items() const noexcept { return {items_, size_}; }
  [[nodiscard]] Value finish() const noexcept {
    return Value::list(std::span<const Value>{items_, size_});
  }

 private:
  void grow(std::size_t capacity);

  Arena* arena_;
  Value* items_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// --- code points
// ----------------------------------------------------------------------------------------

// Bytes of the code point that begins with `lead`.
[[nodiscard]] constexpr std::size_t utf8_size(char lead) noexcept {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}
// Byte offset of the index-th code point; text.size() at the end and beyond.
[[nodiscard]] std::size_t code_point_offset(std::string_view text, std::size_t index) noexcept;

// --- texts for messages and results
// ----------------------------------------------------------------------

[[nodiscard]] std::string_view decimal(Arena& arena, std::int64_t value);
[[nodiscard]] std::string_view decimal(Arena& arena, std::uint64_t value);
// Bytes as text: what is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string_view valid_utf8(Arena& arena, std::string_view octets);
// Go's %q.
[[nodiscard]] std::string_view quoted(Arena& arena, std::string_view text);

[[nodiscard]] Value invalid(EvalContext& context, std::initializer_list<std::string_view> message);

// The data of an opaque value. Precondition: `value` is Opaque and of a kind whose data is a T.
template <class T>
[[nodiscard]] const T& opaque_data(const Value& value) noexcept {
  return *static_cast<const T*>(value.as_opaque().data);
}
// Copies `data` into the arena.
template <class T>
[[nodiscard]] Value opaque_value(Arena& arena, const OpaqueKind& kind, const T& data) {
  return make_opaque(arena, kind, arena.create<T>(data));
}

}  // namespace tally::cel
