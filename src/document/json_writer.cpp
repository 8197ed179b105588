#include "document/json_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "document/internal/byte_scan.hpp"

namespace tally::document {

namespace {

bool is_escaped(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// The first byte from `at` on that needs an escape, or the end.
std::size_t find_escaped(std::string_view text, std::size_t at) {
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = load_bytes(text.data() + at);
    const std::uint32_t mask = byte_mask(_mm_or_si128(
        at_most(bytes, 0x1F), _mm_or_si128(equal_bytes(bytes, '"'), equal_bytes(bytes, '\\'))));
    if (mask != 0) {
      return at + static_cast<std::size_t>(std::countr_zero(mask));
    }
  }
  while (at < text.size() && !is_escaped(text[at])) {
    ++at;
  }
  return at;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '\\';
  if (const auto known = kMeanings.find(c); known != std::string_view::npos) {
    out += kLetters[known];
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "u00";
  out += kHex[byte >> 4U];
  out += kHex[byte & 0xFU];
}

void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t at = 0;;) {
    const std::size_t stop = find_escaped(text, at);
    out.append(text, at, stop - at);
    if (stop == text.size()) {
      return;
    }
    append_escape(out, text[stop]);
    at = stop + 1;
  }
}

// ECMAScript's Number::toString (ECMA-262 section 6.1.6.1.20), as RFC 8785 section 3.2.2.3 asks.
void append_ecmascript_number(std::string& out, double value) {
  if (value == 0) {
    out += '0';  // minus zero as well
    return;
  }
  // Shortest digits that read back as this double: d.ddde-7.
  std::array<char, 32> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                                     std::chars_format::scientific);
  const std::string_view scientific{buffer.data(),
                                    static_cast<std::size_t>(written.ptr - buffer.data())};
  const std::size_t mark = scientific.find('e');
  std::string digits(scientific.substr(0, 1));
  if (mark > 2) {
    digits += scientific.substr(2, mark - 2);
  }
  std::string_view exponent_text = scientific.substr(mark + 1);
  if (exponent_text.front() == '+') {
    exponent_text.remove_prefix(1);
  }
  int exponent = 0;
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);

  const int point = exponent + 1;                      // n of the specification
  const auto count = static_cast<int>(digits.size());  // k
  out += value < 0 ? "-" : "";
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out += digits[0];
    if (count > 1) {
      out += '.';
      out.append(digits, 1);
    }
    out += exponent < 0 ? "e" : "e+";
    out += exponent_text;
    if (exponent < 0 && exponent > -10) {
      // to_chars writes two digits of exponent at least, ECMAScript does not.
      out.erase(out.size() - 2, 1);
    }
  }
}

// Order by UTF-16 code units. UTF-8 sorts by code point, which differs in one case: surrogates, of
// which characters above U+FFFF are made, come before U+E000 to U+FFFF.
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [left, right] = std::ranges::mismatch(a, b);
  if (left == a.end() || right == b.end()) {
    return left == a.end() && right != b.end();
  }
  const auto x = static_cast<unsigned char>(*left);
  const auto y = static_cast<unsigned char>(*right);
  if (x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0)) {
    return x >= 0xF0;
  }
  return x < y;
}

enum class Style : bool { Source, Canonical };

class Writer {
 public:
  Writer(std::string& out, Style style) : out_(out), style_(style) {}

  void write(const Node& root) {
    begin(root);
    while (!open_.empty()) {
      Open& open = open_.back();
      if (open.at == open.node->size()) {
        out_ += open.node->is_object() ? '}' : ']';
        order_.resize(open.order);
        open_.pop_back();
        continue;
      }
      if (open.at > 0) {
        out_ += ',';
      }
      const std::size_t child = sorted(*open.node) ? order_[open.order + open.at] : open.at;
      ++open.at;
      if (open.node->is_object()) {
        append_json_string(out_, open.node->key(child));
        out_ += ':';
      }
      begin(open.node->items()[child]);  // may move what `open` refers to
    }
  }

 private:
  struct Open {
    const Node* node;
    std::size_t at;
    std::size_t order;  // where its permutation begins
  };

  [[nodiscard]] bool sorted(const Node& node) const {
    return style_ == Style::Canonical && node.is_object();
  }

  // A scalar, or the opening bracket of a collection.
  void begin(const Node& node) {
    switch (node.kind()) {
      case NodeKind::Null:
        out_ += "null";
        return;
      case NodeKind::Bool:
        out_ += node.boolean() ? "true" : "false";
        return;
      case NodeKind::Number:
        append_number(node);
        return;
      case NodeKind::String:
        append_json_string(out_, node.text());
        return;
      case NodeKind::Array:
      case NodeKind::Object:
        out_ += node.is_object() ? '{' : '[';
        open_.push_back({.node = &node, .at = 0, .order = order_.size()});
        if (sorted(node)) {
          add_order(node);
        }
        return;
    }
  }

  void append_number(const Node& node) {
    const double value = style_ == Style::Canonical ? node.number() : 0;
    if (style_ == Style::Source || !std::isfinite(value)) {
      out_ += node.text();
    } else {
      append_ecmascript_number(out_, value);
    }
  }

  void add_order(const Node& node) {
    const std::size_t first = order_.size();
    order_.resize(first + node.size());
    const auto order = std::span(order_).subspan(first);
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, [&node](std::uint32_t a, std::uint32_t b) {
      return utf16_less(node.key(a), node.key(b));
    });
  }

  std::string& out_;
  Style style_;
  std::vector<Open> open_;
  std::vector<std::uint32_t> order_;  // of the members of all open objects
};

}  // namespace

bool is_plain_json_text(std::string_view text) noexcept {
  const char* at = text.data();
  std::size_t left = text.size();
  const auto plain = [](__m128i bytes) {
    // Signed comparison: bytes from 0x80 on are negative.
    const __m128i controls_and_high = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    return byte_mask(_mm_or_si128(controls_and_high, _mm_or_si128(equal_bytes(bytes, '"'),
                                                                  equal_bytes(bytes, '\\')))) == 0;
  };
  if (left >= 16) {
    for (; left > 16; at += 16, left -= 16) {
      if (!plain(load_bytes(at))) {
        return false;
      }
    }
    return plain(load_bytes(at + left - 16));  // overlaps what was looked at
  }
  // Short texts: two overlapping loads, the rest filled with spaces.
  alignas(16) std::array<char, 16> bytes;
  bytes.fill(' ');
  if (left >= 8) {
    std::memcpy(bytes.data(), at, 8);
    std::memcpy(bytes.data() + 8, at + left - 8, 8);
  } else if (left >= 4) {
    std::memcpy(bytes.data(), at, 4);
    std::memcpy(bytes.data() + 4, at + left - 4, 4);
  } else {
    for (std::size_t i = 0; i < left; ++i) {
      bytes[i] = at[i];
    }
  }
  return plain(load_bytes(bytes.data()));
}

void append_json_string(std::string& out, std::string_view text) {
  if (is_plain_json_text(text)) {
    const std::size_t before = out.size();
    const std::size_t size = before + text.size() + 2;
    // libstdc++ 12 tells the operation the new capacity, not the size that was asked for.
    out.resize_and_overwrite(size, [&](char* bytes, std::size_t) {
      bytes[before] = '"';
      std::ranges::copy(text, bytes + before + 1);
      bytes[size - 1] = '"';
      return size;
    });
    return;
  }
  out += '"';
  while (const auto invalid = find_invalid_utf8(text)) {
    append_escaped(out, text.substr(0, *invalid));
    out += "\xEF\xBF\xBD";
    text.remove_prefix(*invalid + 1);
  }
  append_escaped(out, text);
  out += '"';
}

void append_json(std::string& out, const Node& node) { Writer(out, Style::Source).write(node); }

void append_canonical_json(std::string& out, const Node& node) {
  Writer(out, Style::Canonical).write(node);
}

}  // namespace tally::document
