// Block scalars, literal and folded.
#include <algorithm>

#include "document/internal/fast_yaml_scanner.hpp"

namespace tally::document {

// yaml_parser_scan_block_scalar: the header.
bool FastYamlScanner::read_block_text(const char* header) {
  const char* at = header + 1;
  char chomping = ' ';
  std::int32_t increment = 0;
  for (int i = 0; i < 2; ++i) {
    if ((*at == '+' || *at == '-') && chomping == ' ') {
      chomping = *at++;
    } else if (*at >= '1' && *at <= '9' && increment == 0) {
      increment = *at++ - '0';
    }
  }
  const char* rest = skip_spaces(at);
  if (*rest == '#' && rest != at) {
    rest = find_line_end(rest);
  }
  if (!ends_line(*rest)) {
    return false;
  }
  return read_block_lines(next_line(rest), *header == '>', chomping, increment, offset_of(header));
}

// The lines of the scalar. `at` is the start of the first one.
bool FastYamlScanner::read_block_lines(const char* at, bool folded, char chomping,
                                       std::int32_t increment, std::uint32_t offset) {
  std::int32_t column = increment == 0 ? 0 : indent() + increment;
  std::string& text = scratch_.text;
  text.clear();
  std::size_t breaks = 0;      // empty lines since the last line of text
  bool leading_break = false;  // the break that ended the last line of text
  bool leading_blank = false;  // that line began with a blank
  std::int32_t widest = 0;     // blanks of the empty lines before the first line
  while (at < end_) {
    const char* content = skip_spaces(at);
    const auto blanks = static_cast<std::int32_t>(content - at);
    if (ends_line(*content) && (column == 0 || blanks <= column)) {
      widest = std::max(widest, blanks);
      ++breaks;
      at = content >= end_ ? end_ : next_line(content);
      continue;
    }
    if (*content == '\t' && (column == 0 || blanks < column)) {
      return false;
    }
    if (column == 0) {
      column = std::max(blanks, indent() + 1);
      if (widest > column) {
        return false;
      }
    }
    if (blanks < column) {
      break;
    }
    const char* line = at + column;
    const bool blank = *line == ' ' || *line == '\t';
    if (leading_break) {
      if (!folded || leading_blank || blank) {
        text += '\n';
      } else if (breaks == 0) {
        text += ' ';
      }
    }
    text.append(breaks, '\n');
    breaks = 0;
    leading_blank = blank;
    const char* stop = find_byte(line, [](__m128i bytes) {
      return _mm_or_si128(equal_bytes(bytes, '\n'),
                          _mm_or_si128(equal_bytes(bytes, '\r'), equal_bytes(bytes, '\0')));
    });
    text.append(line, stop);
    leading_break = true;  // the last line too: the text is read as if it ended with a newline
    at = next_line(stop);
  }
  if (chomping != '-' && leading_break) {
    text += '\n';
  }
  if (chomping == '+') {
    text.append(breaks, '\n');
  }
  at_ = at;
  return add_value(Node::make_string(arena_.copy(text), offset));
}

}  // namespace tally::document
