#pragma once
// Terminal: coloured, width-aware lines. Every text that comes in is escaped here, so no caller can
// forget it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "finding/finding.hpp"
#include "report/internal/output.hpp"

namespace tally::report {

enum class Ink : std::uint8_t { Plain, Bold, Dim, Critical, High, Medium, Low, Info, Good };
[[nodiscard]] Ink ink_of(finding::Severity severity) noexcept;
// One column wide: "✖", "▲", "◆", "▪", "·".
[[nodiscard]] std::string_view glyph_of(finding::Severity severity) noexcept;

class Terminal {
 public:
  Terminal(Output& out, const WriteOptions& options);

  // Appends to the current line without wrapping.
  void put(std::string_view text, Ink ink = Ink::Plain);
  // The same, filled with blanks to `columns`; a longer text is followed by one blank.
  void put_column(std::string_view text, std::size_t columns, Ink ink = Ink::Plain);
  void indent_to(std::size_t column);
  void gap(std::size_t columns) { indent_to(column_ + columns); }
  // Appends words; lines break at the right margin and continue at `hanging`.
  void wrap(std::string_view text, std::size_t hanging, Ink ink = Ink::Plain);
  void end_line();
  void blank_line() { end_line(); }

  [[nodiscard]] std::size_t column() const noexcept { return column_; }
  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  [[nodiscard]] bool is_open() const noexcept { return out_.is_open(); }

 private:
  void put_escaped(std::string_view text, Ink ink);

  Output& out_;
  std::size_t width_;
  bool color_;
  std::size_t column_ = 0;
  std::size_t blanks_ = 0;  // owed before the next text; a line never ends in blanks
};

}  // namespace tally::report
