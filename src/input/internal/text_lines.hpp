#pragma once
// The lines of a document as a reader of broken text sees them: no grammar, only indentation, list
// marks and keys.

#include <cstdint>
#include <string_view>
#include <vector>

#include "document/source.hpp"

namespace tally::input {

struct TextLine {
  std::uint32_t number = 0;  // in the source, from 1
  std::uint32_t offset = 0;  // of its first byte in the source
  std::uint32_t indent = 0;  // blank bytes in front, of whatever kind
  std::string_view text;     // without its line end
  std::string_view body;     // text without indentation and without blanks at its end
  bool item = false;         // begins with a list mark, typographic ones included
  std::string_view key;      // "name" of "name: x" and of "- name: x"; empty if there is none
  std::string_view value;    // what follows the colon, without a comment
  std::uint32_t key_offset = 0;

  // Content, neither blank nor comment nor inside of a block scalar.
  bool content = false;
  bool in_block = false;  // inside of a block scalar ("|", ">")

  [[nodiscard]] std::uint32_t body_offset() const noexcept { return offset + indent; }
};

// Bytes of a blank at the start of the text (space, tab, or one of the Unicode spaces that word
// processors put), 0 if none.
[[nodiscard]] std::size_t blank_size(std::string_view text) noexcept;
// Bytes of a typographic dash or bullet at the start of the text, 0 if there is none.
[[nodiscard]] std::size_t typographic_dash_size(std::string_view text) noexcept;
// Bytes of a colon at the start of the text that is no ASCII colon, 0 if there is none.
[[nodiscard]] std::size_t wide_colon_size(std::string_view text) noexcept;

[[nodiscard]] std::vector<TextLine> text_lines(const document::Source& source, std::uint32_t begin,
                                               std::uint32_t end, std::uint32_t lines_max);

}  // namespace tally::input
