#include "cel/internal/library.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/text.hpp"
#include "scalar/go_quote.hpp"

namespace tally::cel {

void TextBuilder::grow(std::size_t more) {
  if (size_ + more > kTextBytesMax) {
    too_long_ = true;
    return;
  }
  if (size_ + more <= capacity_) {
    return;
  }
  const std::size_t capacity =
      std::min(std::max({size_ + more, capacity_ * 2, std::size_t{32}}), kTextBytesMax);
  char* data = arena_->allocate_array<char>(capacity);
  if (size_ != 0) {
    std::memcpy(data, data_, size_);
  }
  data_ = data;
  capacity_ = capacity;
}

void TextBuilder::add(std::string_view text) {
  grow(text.size());
  if (!too_long_ && !text.empty()) {
    text.copy(data_ + size_, text.size());
    size_ += text.size();
  }
}

void TextBuilder::add(char32_t code_point) {
  const auto bits = static_cast<std::uint32_t>(code_point);
  const auto tail = [bits](unsigned shift) {
    return static_cast<char>(0x80U | ((bits >> shift) & 0x3FU));
  };
  if (bits < 0x80) {
    add(static_cast<char>(bits));
  } else if (bits < 0x800) {
    const std::array bytes{static_cast<char>(0xC0U | (bits >> 6U)), tail(0)};
    add(std::string_view{bytes.data(), bytes.size()});
  } else if (bits < 0x10000) {
    const std::array bytes{static_cast<char>(0xE0U | (bits >> 12U)), tail(6), tail(0)};
    add(std::string_view{bytes.data(), bytes.size()});
  } else {
    const std::array bytes{static_cast<char>(0xF0U | (bits >> 18U)), tail(12), tail(6), tail(0)};
    add(std::string_view{bytes.data(), bytes.size()});
  }
}

void TextBuilder::add_repeated(char c, std::size_t count) {
  grow(count);
  if (!too_long_ && count != 0) {
    std::memset(data_ + size_, c, count);
    size_ += count;
  }
}

Value TextBuilder::finish() {
  if (too_long_) {
    return make_error(
        *arena_, ErrorCode::InvalidArgument,
        {"result is longer than ", decimal(*arena_, std::uint64_t{kTextBytesMax}), " bytes"});
  }
  return Value::string(text());
}

void ListBuilder::grow(std::size_t capacity) {
  Value* items = arena_->allocate_array<Value>(capacity);
  if (size_ != 0) {
    std::memcpy(static_cast<void*>(items), items_, size_ * sizeof(Value));
  }
  items_ = items;
  capacity_ = capacity;
}

std::size_t code_point_offset(std::string_view text, std::size_t index) noexcept {
  std::size_t offset = 0;
  for (; index > 0 && offset < text.size(); --index) {
    offset += utf8_size(text[offset]);
  }
  return std::min(offset, text.size());
}

namespace {

template <class Integer>
std::string_view to_decimal(Arena& arena, Integer value) {
  std::array<char, 24> digits{};
  char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return arena.copy(std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())});
}

}  // namespace

std::string_view decimal(Arena& arena, std::int64_t value) { return to_decimal(arena, value); }
std::string_view decimal(Arena& arena, std::uint64_t value) { return to_decimal(arena, value); }

std::string_view valid_utf8(Arena& arena, std::string_view octets) {
  auto bad = find_invalid_utf8(octets);
  if (!bad) {
    return octets;
  }
  TextBuilder out(arena, octets.size());
  for (; bad; bad = find_invalid_utf8(octets)) {
    out.add(octets.substr(0, *bad));
    out.add("\ufffd");
    octets.remove_prefix(*bad + 1);
  }
  out.add(octets);
  return out.text();
}

std::string_view quoted(Arena& arena, std::string_view text) {
  std::string out;
  scalar::append_go_quoted(out, text);
  return arena.copy(out);
}

Value invalid(EvalContext& context, std::initializer_list<std::string_view> message) {
  return make_error(context.arena, ErrorCode::InvalidArgument, message);
}

}  // namespace tally::cel
