#pragma once
// CEL as text, put together with no more parentheses than its grammar needs
// (github.com/google/cel-spec, doc/langdef.md, "Syntax").

#include <cstdint>
#include <string>
#include <string_view>

namespace tally::migration {

// How tightly the outermost operator binds, loosest first.
enum class Binding : std::uint8_t { Choice, Or, And, Relation, Sum, Unary, Primary };

struct Cel {
  std::string text;
  Binding binding = Binding::Primary;
  // Of an equation or inequation: the other one.
  std::string opposite{};

  [[nodiscard]] bool is_true() const { return text == "true"; }
  [[nodiscard]] bool is_false() const { return text == "false"; }
  [[nodiscard]] bool is_empty() const { return text.empty(); }
};

[[nodiscard]] Cel always(bool value);
[[nodiscard]] Cel primary(std::string text);
// 'text', escaped.
[[nodiscard]] std::string quoted(std::string_view text);
[[nodiscard]] bool is_identifier(std::string_view text) noexcept;

// a.b or a['b.c']; has(a.b) or 'b.c' in a; a.?b or a[?'b.c'].
[[nodiscard]] std::string selected(std::string_view of, std::string_view key);
[[nodiscard]] Cel has(std::string_view of, std::string_view key);
[[nodiscard]] std::string selected_optionally(std::string_view of, std::string_view key);

[[nodiscard]] Cel both(const Cel& a, const Cel& b);
[[nodiscard]] Cel either(const Cel& a, const Cel& b);
[[nodiscard]] Cel negated(const Cel& a);
// `op`: "==", "!=", "<", "in", ...; the sides bind more tightly than a relation.
[[nodiscard]] Cel related(std::string_view a, std::string_view op, std::string_view b);
// list.macro(name, body)
[[nodiscard]] Cel over(std::string_view list, std::string_view macro, std::string_view name,
                       const Cel& body);
// With parentheses if it binds less tightly.
[[nodiscard]] std::string in(const Cel& cel, Binding binding);

// `text` matches a pattern with * and ?, which stands for the whole of it.
[[nodiscard]] Cel alike(std::string_view text, std::string_view pattern);

// Long conditions over several lines.
[[nodiscard]] std::string laid_out(const Cel& cel);

}  // namespace tally::migration
