// Plain scalars that go on for several lines.
#include "document/internal/fast_yaml_scanner.hpp"

namespace tally::document {

// The lines of a plain scalar after its first one; `content` is the first character of the second
// that is not blank, at_ its line. A line break becomes a space, n further ones become n breaks.
bool FastYamlScanner::continue_plain(const char* content) {
  const char* start = continuable_;
  const Plain first = scan_plain(start);
  std::string& text = scratch_.text;
  text.assign(start, first.end);
  std::size_t breaks = 0;
  for (const char* line = first.stop; line < at_; ++line) {
    breaks += *line == '\n' ? 1U : 0U;
  }
  for (;;) {
    const Plain plain = scan_plain(content);
    if (plain.why == PlainEnd::Colon || plain.why == PlainEnd::Tab) {
      return false;
    }
    if (breaks == 1) {
      text += ' ';
    } else {
      text.append(breaks - 1, '\n');
    }
    text.append(content, plain.end);
    if (plain.why == PlainEnd::Comment) {
      at_ = next_line(find_line_end(plain.stop));
      break;
    }
    at_ = next_line(plain.stop);
    breaks = 1;
    content = skip_spaces(at_);
    while (at_ < end_ && ends_line(*content)) {
      at_ = next_line(content);
      ++breaks;
      content = skip_spaces(at_);
    }
    if (at_ >= end_ || *content == '#' || content - at_ <= indent()) {
      break;
    }
    if (*content == '\t') {
      return false;
    }
  }
  Node& value = scratch_.values.back();
  const std::optional<Node> whole = resolve(arena_.copy(text), offset_of(start));
  if (whole) {
    value = whole->with_key(value.key_symbol());
  }
  return whole.has_value();
}

}  // namespace tally::document
