#include "input/internal/text_lines.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace tally::input {

namespace {

template <std::size_t N>
std::size_t prefix_size(std::string_view text,
                        const std::array<std::string_view, N>& prefixes) noexcept {
  for (const auto prefix : prefixes) {
    if (text.starts_with(prefix)) {
      return prefix.size();
    }
  }
  return 0;
}

// U+00A0, U+1680, U+2000 to U+200A, U+202F, U+205F, U+3000.
constexpr std::array<std::string_view, 16> kBlanks = {
    "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
    "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89",
    "\xE2\x80\x8A", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
// U+2010 to U+2015, U+2022 (bullet), U+2043, U+2212, U+FE58, U+FE63, U+FF0D, U+00B7.
constexpr std::array<std::string_view, 13> kDashes = {
    "\xE2\x80\x90", "\xE2\x80\x91", "\xE2\x80\x92", "\xE2\x80\x93", "\xE2\x80\x94",
    "\xE2\x80\x95", "\xE2\x80\xA2", "\xE2\x81\x83", "\xE2\x88\x92", "\xEF\xB9\x98",
    "\xEF\xB9\xA3", "\xEF\xBC\x8D", "\xC2\xB7"};
// U+FF1A, U+FE55, U+2236, U+A789.
constexpr std::array<std::string_view, 4> kColons = {"\xEF\xBC\x9A", "\xEF\xB9\x95", "\xE2\x88\xB6",
                                                     "\xEA\x9E\x89"};

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '/' || c == '$';
}

std::string_view without_comment(std::string_view value) {
  if (value.starts_with('#')) {
    return {};
  }
  if (value.starts_with('"') || value.starts_with('\'')) {
    return value;
  }
  const std::size_t comment = value.find(" #");
  return trim(value.substr(0, comment));
}

// List marks in front of the body, then the key if there is one.
void read_key(TextLine& line) {
  std::string_view rest = line.body;
  while (!rest.empty()) {
    const std::size_t mark = rest.front() == '-' ? 1 : typographic_dash_size(rest);
    const std::string_view after = rest.substr(mark);
    if (mark == 0 || (!after.empty() && blank_size(after) == 0)) {
      break;
    }
    line.item = true;
    rest = after;
    while (const std::size_t blank = blank_size(rest)) {
      rest.remove_prefix(blank);
    }
  }
  const bool quoted = rest.starts_with('"') || rest.starts_with('\'');
  const char quote = quoted ? rest.front() : '\0';
  const std::string_view word = rest.substr(quoted ? 1 : 0);
  const auto end =
      static_cast<std::size_t>(std::ranges::find_if_not(word, is_key_character) - word.begin());
  std::string_view tail = word.substr(end);
  if (end == 0 || (quoted && !tail.starts_with(quote))) {
    return;
  }
  tail.remove_prefix(quoted ? 1 : 0);
  while (const std::size_t blank = blank_size(tail)) {
    tail.remove_prefix(blank);
  }
  const bool ascii = tail.starts_with(':');
  const std::size_t colon = ascii ? 1 : wide_colon_size(tail);
  const std::string_view value = tail.substr(colon);
  if (colon == 0 || (ascii && !value.empty() && blank_size(value) == 0)) {
    return;
  }
  line.key = word.substr(0, end);
  line.key_offset = line.offset + static_cast<std::uint32_t>(word.data() - line.text.data());
  line.value = without_comment(trim(value));
}

// "---" and "..." at the left margin, and directives.
bool is_document_mark(std::string_view text) {
  const std::string_view mark = text.substr(0, 3);
  return text.starts_with('%') || ((mark == "---" || mark == "...") &&
                                   (text.size() == 3 || blank_size(text.substr(3)) != 0));
}

bool opens_block(const TextLine& line) {
  const std::string_view last =
      line.key.empty() ? (line.item ? trim(line.body.substr(1)) : std::string_view{}) : line.value;
  if (last.empty() || (last.front() != '|' && last.front() != '>')) {
    return false;
  }
  return last.size() <= 3 && last.find_first_not_of("+-0123456789", 1) == std::string_view::npos;
}

}  // namespace

std::size_t blank_size(std::string_view text) noexcept {
  if (text.starts_with(' ') || text.starts_with('\t')) {
    return 1;
  }
  return text.empty() || static_cast<unsigned char>(text.front()) < 0x80U
             ? 0
             : prefix_size(text, kBlanks);
}

std::size_t typographic_dash_size(std::string_view text) noexcept {
  return prefix_size(text, kDashes);
}

std::size_t wide_colon_size(std::string_view text) noexcept { return prefix_size(text, kColons); }

std::vector<TextLine> text_lines(const document::Source& source, std::uint32_t begin,
                                 std::uint32_t end, std::uint32_t lines_max) {
  std::vector<TextLine> lines;
  const std::string_view text =
      source.text().substr(0, std::min<std::size_t>(end, source.text().size()));
  std::uint32_t number = source.position(begin).line;
  std::int64_t block = -1;  // indentation of the line that opened a block scalar; -1: none is open
  for (std::size_t at = begin; at < text.size() && lines.size() < lines_max; ++number) {
    const std::size_t line_end = std::min(text.find('\n', at), text.size());
    TextLine line;
    line.number = number;
    line.offset = static_cast<std::uint32_t>(at);
    line.text = text.substr(at, line_end - at);
    if (line.text.ends_with('\r')) {
      line.text.remove_suffix(1);
    }
    std::string_view rest = line.text;
    while (const std::size_t blank = blank_size(rest)) {
      rest.remove_prefix(blank);
    }
    line.indent = static_cast<std::uint32_t>(line.text.size() - rest.size());
    line.body = trim(rest);
    line.in_block = block >= 0 && (line.body.empty() || line.indent > block);
    if (!line.in_block && !line.body.empty()) {
      block = -1;
      line.content = line.body.front() != '#' && !is_document_mark(line.text);
      if (line.content) {
        read_key(line);
        if (opens_block(line)) {
          block = line.indent;
        }
      }
    }
    lines.push_back(line);
    at = line_end + 1;
  }
  return lines;
}

}  // namespace tally::input
