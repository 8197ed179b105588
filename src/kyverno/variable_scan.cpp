#include "kyverno/internal/variable_scan.hpp"

#include "base/text.hpp"

namespace tally::kyverno::internal {

namespace {

// The end of the variable that begins with "{{" at `begin`, or npos.
std::size_t variable_end(std::string_view text, std::size_t begin) noexcept {
  std::size_t at = begin + 2;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '}') {
      return at + 1 < text.size() && text[at + 1] == '}' ? at + 2 : std::string_view::npos;
    }
    if (c == '{') {
      const std::size_t closing = text.find_first_of("{}", at + 1);
      if (closing == std::string_view::npos || text[closing] == '{') {
        return std::string_view::npos;
      }
      at = closing + 1;
      continue;
    }
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<Span> find_variable(std::string_view text, std::size_t from) noexcept {
  std::size_t at = text.find("{{", from);
  while (at != std::string_view::npos) {
    // The character in front is part of the match, so it must not belong to the match before.
    const bool may_begin = at == 0 || (at > from && text[at - 1] != '\\');
    if (may_begin) {
      const std::size_t end = variable_end(text, at);
      if (end != std::string_view::npos) {
        return Span{at, end};
      }
    }
    at = text.find("{{", at + 1);
  }
  return std::nullopt;
}

std::optional<Span> find_reference(std::string_view text, std::size_t from) noexcept {
  // The blank that ends the word looked at, and the last ")" in front of it: looked for once a
  // word, so that many "$(" without an end cost no more than one.
  std::size_t blank = 0;
  std::size_t closing = std::string_view::npos;
  for (std::size_t at = text.find("$(", from); at != std::string_view::npos;
       at = text.find("$(", at + 1)) {
    const bool may_begin = at == 0 || (at > from && text[at - 1] != '\\');
    // `.[^ ]*\)`: one character, not the end of a line, then as far as the last ")" before a blank.
    if (!may_begin || at + 2 >= text.size() || text[at + 2] == '\n') {
      continue;
    }
    if (at + 3 > blank) {
      blank = std::min(text.find(' ', at + 3), text.size());
      closing = text.substr(0, blank).rfind(')');
    }
    if (closing != std::string_view::npos && closing >= at + 3) {
      return Span{at, closing + 1};
    }
  }
  return std::nullopt;
}

VariableText variable_text(std::string_view inside) noexcept {
  std::string_view text = trim(inside);
  if (text.starts_with('-')) {
    return {trim(text.substr(1)), true};
  }
  return {text, false};
}

}  // namespace tally::kyverno::internal
