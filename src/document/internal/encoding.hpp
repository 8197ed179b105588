#pragma once
// What is wrong with the bytes of a text, before anybody asks for its structure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tally::document {

// True for UTF-16, UTF-32 and binary data: a byte order mark of theirs, or a NUL byte anywhere.
[[nodiscard]] bool has_foreign_encoding(std::string_view text);

struct EncodingProblem {
  std::size_t offset = 0;
  std::string message;
  std::string hint;
};

// The first reason why `text` cannot be read as UTF-8. `whole` is the text it is a part of, whose
// first bytes tell UTF-16 and UTF-32 from binary data; the offset counts from the beginning of
// `text`.
[[nodiscard]] std::optional<EncodingProblem> find_encoding_problem(std::string_view text,
                                                                   std::string_view whole);

}  // namespace tally::document
