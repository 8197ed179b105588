#include "report/internal/terminal.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "report/internal/text.hpp"

namespace tally::report {

namespace {

constexpr std::size_t kWidthMin = 40;
constexpr std::size_t kWidthMax = 200;

// ECMA-48 section 8.3.117 SGR; colours of the basic palette only, so that the reader's own theme
// decides.
std::string_view sgr(Ink ink) noexcept {
  switch (ink) {
    case Ink::Plain:
      return "";
    case Ink::Bold:
      return "\x1b[1m";
    case Ink::Dim:
      return "\x1b[2m";
    case Ink::Critical:
      return "\x1b[1;31m";
    case Ink::High:
      return "\x1b[31m";
    case Ink::Medium:
      return "\x1b[33m";
    case Ink::Low:
      return "\x1b[36m";
    case Ink::Info:
      return "\x1b[2m";
    case Ink::Good:
      return "\x1b[32m";
  }
  return "";
}

}  // namespace

Ink ink_of(finding::Severity severity) noexcept {
  switch (severity) {
    case finding::Severity::Critical:
      return Ink::Critical;
    case finding::Severity::High:
      return Ink::High;
    case finding::Severity::Medium:
      return Ink::Medium;
    case finding::Severity::Low:
      return Ink::Low;
    case finding::Severity::Info:
      return Ink::Info;
  }
  return Ink::Plain;
}

std::string_view glyph_of(finding::Severity severity) noexcept {
  switch (severity) {
    case finding::Severity::Critical:
      return "✖";
    case finding::Severity::High:
      return "▲";
    case finding::Severity::Medium:
      return "◆";
    case finding::Severity::Low:
      return "▪";
    case finding::Severity::Info:
      return "·";
  }
  return "·";
}

Terminal::Terminal(Output& out, const WriteOptions& options)
    : out_(out),
      width_(std::clamp<std::size_t>(options.width, kWidthMin, kWidthMax)),
      color_(options.color) {}

void Terminal::put_escaped(std::string_view text, Ink ink) {
  if (text.empty()) {
    return;
  }
  out_.text().append(blanks_, ' ');
  blanks_ = 0;
  const std::string_view on = color_ ? sgr(ink) : "";
  out_.append(on);
  out_.append(text);
  out_.append(on.empty() ? "" : "\x1b[0m");
  column_ += display_width(text);
}

void Terminal::put(std::string_view text, Ink ink) { put_escaped(terminal(text), ink); }

void Terminal::put_column(std::string_view text, std::size_t columns, Ink ink) {
  const std::size_t end = column_ + columns;
  put(text, ink);
  indent_to(std::max(end, column_ + 1));
}

void Terminal::indent_to(std::size_t column) {
  if (column > column_) {
    blanks_ += column - column_;
    column_ = column;
  }
}

void Terminal::wrap(std::string_view text, std::size_t hanging, Ink ink) {
  const std::string escaped = terminal(text);
  std::string_view rest = trim(escaped);
  std::string piece;        // words of the current line, written in one ink
  std::size_t columns = 0;  // of piece
  const auto break_line = [&] {
    put_escaped(piece, ink);
    piece.clear();
    columns = 0;
    end_line();
    indent_to(hanging);
  };
  const auto room = [&] { return width_ > column_ + columns ? width_ - column_ - columns : 0; };
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest = trim(rest.substr(end));
    const std::size_t blank = piece.empty() ? 0 : 1;
    const std::size_t size = display_width(word);
    if (size + blank <= room()) {
      piece.append(blank, ' ').append(word);
      columns += blank + size;
      continue;
    }
    if (column_ + columns > hanging) {
      break_line();
    }
    // A word longer than a line is cut between characters.
    for (const Character c : characters(word)) {
      const std::size_t wide = display_width(c.bytes);
      if (wide > room() && columns > 0) {
        break_line();
      }
      piece += c.bytes;
      columns += wide;
    }
  }
  put_escaped(piece, ink);
}

void Terminal::end_line() {
  out_.append("\n");
  out_.settle();
  column_ = 0;
  blanks_ = 0;
}

}  // namespace tally::report
