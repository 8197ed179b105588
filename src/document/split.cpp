// Splitting a stream into documents before any YAML is parsed, so that one broken document spoils
// no other.
//
// Follows YAMLReader.Read of k8s.io/apimachinery v0.37.2, pkg/util/yaml/decoder.go:
//   - a line that starts with `---` and whose rest is blank or a comment ends a document;
//   - a separator at the very beginning, or after another one, belongs to the document that follows
//   it;
//   - so two separators in a row make one empty document, and a separator at the end makes none.
// One difference: YAMLReader refuses the whole stream at `--- text`; here such a line begins
// another YAML document inside its slice, and nothing before or after it is lost.
#include <emmintrin.h>

#include <bit>
#include <cstring>
#include <string_view>

#include "document/internal/encoding.hpp"
#include "document/read.hpp"

namespace tally::document {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kNone = std::string_view::npos;

// The next line start at or after `from` (a line start or the middle of a line) that reads `---`.
// The text is followed by kSourcePadding zero bytes, so whole vectors may be read.
std::size_t find_dashes(std::string_view text, std::size_t from) {
  const char* const bytes = text.data();
  const __m128i newline = _mm_set1_epi8('\n');
  const __m128i dash = _mm_set1_epi8('-');
  for (std::size_t at = from; at < text.size(); at += 16) {
    const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
    const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at + 1));
    auto found = static_cast<unsigned>(_mm_movemask_epi8(
        _mm_and_si128(_mm_cmpeq_epi8(here, newline), _mm_cmpeq_epi8(next, dash))));
    for (; found != 0; found &= found - 1) {
      const std::size_t line = at + static_cast<std::size_t>(std::countr_zero(found)) + 1;
      if (line + 3 <= text.size() && bytes[line + 1] == '-' && bytes[line + 2] == '-') {
        return line;
      }
    }
  }
  return kNone;
}

// Bytes of a Go unicode.IsSpace character at the front of `text`, 0 if there is none
// (strings.TrimSpace).
std::size_t space_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (byte(0) == ' ' || (byte(0) >= '\t' && byte(0) <= '\r')) {
    return 1;
  }
  if (byte(0) == 0xC2) {
    return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;
  }
  const auto tail = [byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  if (byte(0) < 0xE1 || byte(0) > 0xE3 || !tail(1) || !tail(2)) {
    return 0;
  }
  const unsigned code = (byte(0) & 0xFU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
  const bool space = code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
                     code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
  return space ? 3 : 0;
}

bool blank_or_comment(std::string_view rest) {
  while (!rest.empty()) {
    const std::size_t bytes = space_bytes(rest);
    if (bytes == 0) {
      return rest.front() == '#';
    }
    rest.remove_prefix(bytes);
  }
  return true;
}

std::size_t line_end(std::string_view text, std::size_t from) {
  const std::size_t newline = text.find('\n', from);
  return newline == kNone ? text.size() : newline;
}

// kubectl guesses JSON from `{` alone (hasPrefix in the file named above); a list cannot be
// applied, but is JSON all the same, and its numbers are to be kept exactly.
Format guess_format(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = space_bytes(text);
    if (bytes == 0) {
      return text.front() == '{' || text.front() == '[' ? Format::Json : Format::Yaml;
    }
    text.remove_prefix(bytes);
  }
  return Format::Yaml;
}

}  // namespace

std::vector<Slice> split(const Source& source, const ReadLimits& limits) {
  const std::string_view text = source.text();
  std::vector<Slice> slices;
  std::size_t begin = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  if (begin == text.size()) {
    return slices;
  }
  const auto add = [&slices, text](std::size_t from, std::size_t to) {
    slices.push_back({.begin = static_cast<std::uint32_t>(from),
                      .end = static_cast<std::uint32_t>(to),
                      .format = guess_format(text.substr(from, to - from)),
                      .ordinal = static_cast<std::uint32_t>(slices.size() + 1)});
  };
  if (has_foreign_encoding(text)) {
    add(0, text.size());  // one error for the whole text, not one for every "---" in it
    slices.back().format = Format::Yaml;
    return slices;
  }
  bool opened = false;  // by a separator that belongs to this document
  std::size_t dashes = text.substr(begin).starts_with("---") ? begin : find_dashes(text, begin);
  while (dashes != kNone && slices.size() <= limits.documents) {
    const std::size_t end = line_end(text, dashes + 3);
    if (blank_or_comment(text.substr(dashes + 3, end - dashes - 3))) {
      const bool filled = opened || dashes > begin;
      if (filled) {
        add(begin, dashes);
      }
      opened = !filled;
      begin = end < text.size() ? end + 1 : end;
    }
    dashes = end < text.size() ? find_dashes(text, end) : kNone;
  }
  if (slices.size() > limits.documents) {
    slices.back().end = static_cast<std::uint32_t>(text.size());  // past the limit: what is left
  } else if (opened || begin < text.size()) {
    add(begin, text.size());
  }
  return slices;
}

}  // namespace tally::document
