#pragma once
// What the fast YAML scanner knows about single characters and plain scalars: which first character
// begins what, and which texts are certainly text, without the full resolution.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "document/internal/yaml_scalar.hpp"

namespace tally::document {

// After check_bytes() only TAB, LF, CR and the padding are at most CR.
inline bool ends_line(char c) { return static_cast<unsigned char>(c) <= '\r' && c != '\t'; }
inline bool is_blank_or_end(char c) { return c == ' ' || static_cast<unsigned char>(c) <= '\r'; }

// What a first character says about a scalar in a block collection.
enum class FirstByte : std::uint8_t {
  Other,     // an indicator that this reader does not know
  Text,      // a plain scalar that is certainly text
  Word,      // a plain scalar that may be a boolean or null
  Number,    // a plain scalar that may be anything
  Dash,      // an entry or a plain scalar
  Quote,     // ' or "
  Flow,      // [ or {
  BlockText  // | or >
};

constexpr std::array<FirstByte, 256> make_first_table() {
  std::array<FirstByte, 256> table{};
  for (std::size_t c = 0x80; c < 256; ++c) {
    table[c] = FirstByte::Text;
  }
  const auto set = [&table](std::string_view characters, FirstByte first) {
    for (const char c : characters) {
      table[static_cast<unsigned char>(c)] = first;
    }
  };
  set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/$();\\^", FirstByte::Text);
  set("tTfFnNyYoO", FirstByte::Word);
  set("0123456789+.~<=", FirstByte::Number);
  set("-", FirstByte::Dash);
  set("\"'", FirstByte::Quote);
  set("[{", FirstByte::Flow);
  set("|>", FirstByte::BlockText);
  return table;
}
inline constexpr std::array<FirstByte, 256> kFirst = make_first_table();
inline FirstByte first_byte_of(char c) { return kFirst[static_cast<unsigned char>(c)]; }

// The booleans and nulls of go-yaml's table are y, yes, on, true, n, no, off, false, null in three
// spellings each: at most five letters, and all but "true" and "false" end in one of few.
inline bool is_certainly_text(std::string_view plain) {
  const FirstByte first = first_byte_of(plain.front());
  if (first != FirstByte::Word) {
    return first == FirstByte::Text;
  }
  if (plain.size() > 5) {
    return true;
  }
  switch (static_cast<char>(plain.back() | 0x20)) {
    case 'e': {  // "true" and "false", but not "name" and "type"
      const char second = static_cast<char>(plain[plain.size() / 4] | 0x20);
      return plain.size() < 4 || second != (plain.size() == 4 ? 'r' : 'a');
    }
    case 'y':
    case 's':
    case 'n':
    case 'o':
    case 'f':
    case 'l':
      return false;
    default:
      return true;
  }
}

// A plain key that is text, and no merge key.
inline bool is_text_key(std::string_view plain) {
  return is_certainly_text(plain) ||
         (plain.front() != '<' && resolve_plain(plain).kind == YamlScalar::Kind::Text);
}

// A decimal integer as JSON writes it, in the range of int64.
inline bool is_small_integer(std::string_view plain) {
  constexpr std::size_t kDigitsMax = 18;
  if (plain.size() > kDigitsMax || (plain.front() == '0' && plain.size() > 1)) {
    return false;
  }
  return std::ranges::all_of(plain, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace tally::document
