#include "scalar/go_quote.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tally::scalar {

namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// What strconv.IsPrint of Go 1.26 (Unicode 15.0) accepts; tests/reference/pod_security/printable
// writes the file.
constexpr auto kPrintable = std::to_array<Range>({
#include "scalar/internal/go_printable.inc"
});

bool is_printable(std::uint32_t rune) {
  const auto* const above = std::ranges::upper_bound(
      kPrintable, rune, {}, [](const Range& range) { return range.first; });
  return above != kPrintable.begin() && rune <= (above - 1)->last;
}

struct Rune {
  std::uint32_t value = 0xFFFD;
  std::size_t size = 1;  // 1 and 0xFFFD: a byte that is no UTF-8
};

// utf8.DecodeRuneInString. Precondition: text is not empty.
Rune decode(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) {
    return {.value = lead, .size = 1};
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) {
    return {};
  }
  std::uint32_t value = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) {
      return {};
    }
    value = value << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
    return {};
  }
  return {.value = value, .size = size};
}

void append_hex(std::string& out, std::uint32_t value, unsigned digits) {
  for (unsigned i = digits; i-- > 0;) {
    out += "0123456789abcdef"[value >> (i * 4) & 0xFU];
  }
}

// strconv.appendEscapedRune: a rune that is not printed as it is.
void append_escaped(std::string& out, std::uint32_t rune) {
  constexpr std::string_view kLetters = "abtnvfr";  // of 7 to 13
  if (rune >= 7 && rune <= 13) {
    out += '\\';
    out += kLetters[rune - 7];
  } else if (rune < ' ' || rune == 0x7F) {
    out += "\\x";
    append_hex(out, rune, 2);
  } else if (rune < 0x10000) {
    out += "\\u";
    append_hex(out, rune, 4);
  } else {
    out += "\\U";
    append_hex(out, rune, 8);
  }
}

}  // namespace

void append_go_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const Rune rune = decode(text);
    if (rune.value == 0xFFFD && rune.size == 1) {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(text[0]), 2);
    } else if (rune.value == '"' || rune.value == '\\') {
      out += '\\';
      out += text[0];
    } else if (is_printable(rune.value)) {
      out += text.substr(0, rune.size);
    } else {
      append_escaped(out, rune.value);
    }
    text.remove_prefix(rune.size);
  }
  out += '"';
}

}  // namespace tally::scalar
