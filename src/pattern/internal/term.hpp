#pragma once
// Terms: what stands between `|` and `&` in a text pattern.
//
//   pattern     = alternative { "|" alternative }
//   alternative = term { "&" term }
//   term        = [ ">=" | "<=" | ">" | "<" | "!" ] bound | number "-" number | number "!-" number
//
// A bound is compared as a duration if it and the value are durations, else as a quantity if both
// are, else, by = and ! only, as a text with wildcards.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "document/node.hpp"
#include "pattern/internal/go_number.hpp"
#include "pattern/wildcard.hpp"
#include "scalar/quantity.hpp"

namespace tally::pattern {

enum class TermOperator : std::uint8_t {
  Equal,
  MoreEqual,
  LessEqual,
  NotEqual,
  More,
  Less,
  InRange,
  NotInRange
};
[[nodiscard]] TermOperator term_operator(std::string_view term) noexcept;
// "10Mi-1Gi", "5!-7": both ends, if the term is such a range.
[[nodiscard]] std::optional<std::pair<std::string_view, std::string_view>> split_range(
    std::string_view term, TermOperator op) noexcept;

// The value under judgement; what it is as a number is worked out when a term first asks.
class ScalarValue {
 public:
  explicit ScalarValue(const document::Node& node, NumberReading reading) noexcept
      : node_(&node), reading_(reading) {}

  [[nodiscard]] const document::Node& node() const noexcept { return *node_; }
  [[nodiscard]] NumberReading reading() const noexcept { return reading_; }
  // Nothing for a value that is none, or no scalar. Null is 0 (research trap 1: upstream's
  // convertNumberToString).
  [[nodiscard]] std::optional<std::int64_t> duration();
  [[nodiscard]] const std::optional<scalar::Quantity>& quantity();
  // What wildcards are matched against; nothing for null, maps and lists.
  [[nodiscard]] std::optional<std::string_view> text();

 private:
  [[nodiscard]] std::optional<std::string_view> number_text();

  const document::Node* node_;
  NumberReading reading_;
  bool duration_known_ = false;
  bool quantity_known_ = false;
  bool text_known_ = false;
  std::optional<std::int64_t> duration_;
  std::optional<scalar::Quantity> quantity_;
  NumberText fixed_;   // bytes of number_text()
  NumberText number_;  // bytes of text()
};

struct Bound {
  TermOperator op = TermOperator::Equal;  // no range
  std::string_view text;
  std::optional<std::int64_t> duration;
  std::optional<scalar::Quantity> quantity;
};
[[nodiscard]] Bound read_bound(TermOperator op, std::string_view text);
[[nodiscard]] Match match_bound(const Bound& bound, ScalarValue& value, Budget& budget);

struct Term {
  enum class Shape : std::uint8_t { Single, Inside, Outside, Never };
  Shape shape = Shape::Single;
  Bound low;   // the only bound of a Single
  Bound high;  // of a range
};
[[nodiscard]] Term read_term(std::string_view text);
[[nodiscard]] Match match_term(const Term& term, ScalarValue& value, Budget& budget);

// Calls visit(part) for each part between separators, blanks trimmed, until it returns false.
template <class Visit>
void split_trimmed(std::string_view text, char separator, Visit&& visit) {
  for (;;) {
    const auto at = text.find(separator);
    std::string_view part = text.substr(0, at);
    while (part.starts_with(' ')) {
      part.remove_prefix(1);
    }
    while (part.ends_with(' ')) {
      part.remove_suffix(1);
    }
    if (!visit(part) || at == std::string_view::npos) {
      return;
    }
    text.remove_prefix(at + 1);
  }
}

}  // namespace tally::pattern
