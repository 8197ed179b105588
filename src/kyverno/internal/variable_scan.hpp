#pragma once
// Where variables stand in a text. Upstream finds them by regular expressions
// (Kyverno 1.19 pkg/engine/variables/regex/vars.go); these are the same by hand:
//
//   variable  = "{{" { "{" no-brace* "}" | no-brace } "}}"      not behind a backslash
//   reference = "$(" any no-blank* ")"                          not behind a backslash
//
// Innermost variables are found first, because a variable holds no other variable.

#include <cstddef>
#include <optional>
#include <string_view>

namespace tally::kyverno::internal {

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;  // behind the last byte
};

// The first variable behind `from`, "{{" and "}}" included. The character in front of it must stand
// at or behind `from`, too: it is part of what upstream matches.
[[nodiscard]] std::optional<Span> find_variable(std::string_view text, std::size_t from) noexcept;
[[nodiscard]] std::optional<Span> find_reference(std::string_view text, std::size_t from) noexcept;

// The expression inside: trimmed, all "{{" and "}}" taken out; `is_shallow` for "{{- x }}".
struct VariableText {
  std::string_view expression{};
  bool is_shallow = false;
};
// `inside`: what stands between "{{" and "}}".
[[nodiscard]] VariableText variable_text(std::string_view inside) noexcept;

}  // namespace tally::kyverno::internal
