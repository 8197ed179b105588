// Quoted scalars whose value is not a piece of the source: with escapes, or over several lines.
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "document/internal/fast_yaml_scanner.hpp"

namespace tally::document {

// What stands behind a backslash at `at`; appends it to the scratch text.
const char* FastYamlScanner::decode_escape(const char* at) {
  struct Escape {
    char letter;
    std::string_view text;
  };
  static constexpr std::array kEscapes = {
      Escape{'0', std::string_view{"\0", 1}},
      Escape{'a', "\a"},
      Escape{'b', "\b"},
      Escape{'t', "\t"},
      Escape{'n', "\n"},
      Escape{'v', "\v"},
      Escape{'f', "\f"},
      Escape{'r', "\r"},
      Escape{'e', "\x1B"},
      Escape{' ', " "},
      Escape{'"', "\""},
      Escape{'/', "/"},
      Escape{'\\', "\\"},
      Escape{'N', "\xC2\x85"},
      Escape{'_', "\xC2\xA0"},
      Escape{'L', "\xE2\x80\xA8"},
      Escape{'P', "\xE2\x80\xA9"},
  };
  const char letter = at[1];
  if (const auto* known = std::ranges::find(kEscapes, letter, &Escape::letter);
      known != kEscapes.end()) {
    scratch_.text += known->text;
    return at + 2;
  }
  const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  char32_t code = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = at[2 + i];
    const bool decimal = c >= '0' && c <= '9';
    const char lower = static_cast<char>(c | 0x20);
    if (!decimal && (lower < 'a' || lower > 'f')) {
      return nullptr;
    }
    code = (code << 4) | static_cast<char32_t>(decimal ? c - '0' : lower - 'a' + 10);
  }
  if (digits == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
    return nullptr;
  }
  append_utf8(scratch_.text, code);
  return at + 2 + digits;
}

// Blanks and line breaks from `at` on, the first of them a break: folded into the scratch text.
// Returns the first other character, nullptr at a document marker or the end.
const char* FastYamlScanner::fold_quoted_break(const char* at, bool escaped) {
  std::size_t breaks = 0;
  while (at < end_ && is_blank_or_end(*at)) {
    if (*at == ' ' || *at == '\t') {
      ++at;
      continue;
    }
    at = next_line(at);
    ++breaks;
    if (at < end_ && (*at == '-' || *at == '.')) {
      return nullptr;  // it may be a document marker
    }
  }
  if (at >= end_) {
    return nullptr;
  }
  // An escaped break vanishes; what follows it counts as further breaks.
  if (!escaped && breaks == 1) {
    scratch_.text += ' ';
  } else {
    scratch_.text.append(breaks - 1, '\n');
  }
  return at;
}

FastYamlScanner::Quoted FastYamlScanner::decode_quoted(const char* at) {
  const char quote = *at++;
  std::string& text = scratch_.text;
  text.clear();
  while (at != nullptr && at < end_) {
    const char c = *at;
    if (c == quote) {
      if (quote == '"' || at[1] != '\'') {
        return {.end = at + 1, .text = arena_.copy(text), .in_source = false};
      }
      text += '\'';
      at += 2;
    } else if (c == '\\' && quote == '"') {
      at = ends_line(at[1]) ? fold_quoted_break(at + 1, true) : decode_escape(at);
    } else if (c == ' ' || c == '\t') {
      const char* blanks = at;
      while (*at == ' ' || *at == '\t') {
        ++at;
      }
      if (!ends_line(*at)) {
        text.append(blanks, at);  // blanks before a line break are dropped
      }
    } else if (ends_line(c)) {
      at = fold_quoted_break(at, false);
    } else {
      text += c;
      ++at;
    }
  }
  return {};
}

}  // namespace tally::document
