#include "pattern/internal/term.hpp"

#include <array>

#include "pattern/anchor.hpp"
#include "scalar/time_text.hpp"

namespace tally::pattern {

using document::NodeKind;

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// [-|\+]?\d+(?:\.\d+)?[A-Za-z]* from the start of the text: its length, 0 if it is none. What may
// follow it in a range ('-', '!', the end) is no part of it, so the longest match is the only one.
std::size_t range_end_size(std::string_view text) noexcept {
  std::size_t at = 0;
  const auto take = [&](auto is_wanted) {
    const std::size_t first = at;
    while (at < text.size() && is_wanted(text[at])) {
      ++at;
    }
    return at - first;
  };
  if (!text.empty() && (text[0] == '-' || text[0] == '|' || text[0] == '+')) {
    at = 1;
  }
  if (take(is_digit) == 0) {
    return 0;
  }
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    ++at;
    take(is_digit);
  }
  take(is_letter);
  return at;
}

}  // namespace

// Kyverno 1.19.1, pkg/engine/operator/operator.go.
TermOperator term_operator(std::string_view term) noexcept {
  struct Prefix {
    std::string_view text;
    TermOperator op;
  };
  static constexpr std::array<Prefix, 5> kPrefixes = {{{">=", TermOperator::MoreEqual},
                                                       {"<=", TermOperator::LessEqual},
                                                       {">", TermOperator::More},
                                                       {"<", TermOperator::Less},
                                                       {"!", TermOperator::NotEqual}}};
  if (term.size() < 2) {
    return TermOperator::Equal;
  }
  for (const Prefix& prefix : kPrefixes) {
    if (term.starts_with(prefix.text)) {
      return prefix.op;
    }
  }
  for (const TermOperator op : {TermOperator::NotInRange, TermOperator::InRange}) {
    if (split_range(term, op)) {
      return op;
    }
  }
  return TermOperator::Equal;
}

std::optional<std::pair<std::string_view, std::string_view>> split_range(std::string_view term,
                                                                         TermOperator op) noexcept {
  const std::string_view separator = op == TermOperator::InRange ? "-" : "!-";
  const std::size_t left = range_end_size(term);
  if (left == 0 || !term.substr(left).starts_with(separator)) {
    return std::nullopt;
  }
  const std::string_view right = term.substr(left + separator.size());
  const std::size_t size = range_end_size(right);
  if (size == 0 || size != right.size()) {
    return std::nullopt;
  }
  return std::pair{term.substr(0, left), right};
}

std::optional<std::string_view> ScalarValue::number_text() {
  switch (node_->kind()) {
    case NodeKind::Null:
      return "0";
    case NodeKind::String:
      return node_->text();
    case NodeKind::Number:
      print_number(fixed_, read_number(*node_, reading_), NumberStyle::Fixed);
      return fixed_.text();
    case NodeKind::Bool:
    case NodeKind::Array:
    case NodeKind::Object:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::int64_t> ScalarValue::duration() {
  if (!duration_known_) {
    duration_known_ = true;
    if (const auto number = number_text()) {
      duration_ = scalar::parse_duration(*number);
    }
  }
  return duration_;
}

const std::optional<scalar::Quantity>& ScalarValue::quantity() {
  if (!quantity_known_) {
    quantity_known_ = true;
    if (const auto number = number_text()) {
      quantity_ = scalar::Quantity::try_parse(*number);
    }
  }
  return quantity_;
}

std::optional<std::string_view> ScalarValue::text() {
  switch (node_->kind()) {
    case NodeKind::Bool:
      return node_->boolean() ? "true" : "false";
    case NodeKind::String:
      return node_->text();
    case NodeKind::Number:
      if (!text_known_) {
        text_known_ = true;
        print_number(number_, read_number(*node_, reading_), NumberStyle::Scientific);
      }
      return number_.text();
    case NodeKind::Null:
    case NodeKind::Array:
    case NodeKind::Object:
      return std::nullopt;
  }
  return std::nullopt;
}

Bound read_bound(TermOperator op, std::string_view text) {
  return {op, text, scalar::parse_duration(text), scalar::Quantity::try_parse(text)};
}

namespace {

// order: of the value to the bound, -1, 0 or 1.
bool holds(TermOperator op, int order) {
  switch (op) {
    case TermOperator::Equal:
      return order == 0;
    case TermOperator::NotEqual:
      return order != 0;
    case TermOperator::More:
      return order > 0;
    case TermOperator::Less:
      return order < 0;
    case TermOperator::MoreEqual:
      return order >= 0;
    case TermOperator::LessEqual:
      return order <= 0;
    case TermOperator::InRange:
    case TermOperator::NotInRange:
      return false;
  }
  return false;
}

}  // namespace

// Kyverno 1.19.1, pkg/engine/pattern/pattern.go, validateString.
Match match_bound(const Bound& bound, ScalarValue& value, Budget& budget) {
  // 1. Durations.
  if (bound.duration) {
    if (const auto duration = value.duration()) {
      const int order = *duration < *bound.duration ? -1 : *duration > *bound.duration ? 1 : 0;
      return match_if(holds(bound.op, order));
    }
  }
  // 2. Quantities.
  if (bound.quantity) {
    if (const auto& quantity = value.quantity()) {
      return match_if(holds(bound.op, quantity->compare(*bound.quantity)));
    }
  }
  // 3. Texts; they have no order. Null, maps and lists differ from no text: `!x` fails, too.
  if (bound.op != TermOperator::Equal && bound.op != TermOperator::NotEqual) {
    return Match::No;
  }
  const auto text = value.text();
  if (!text) {
    return Match::No;
  }
  const Match match = match_wildcard(bound.text, *text, budget);
  if (bound.op == TermOperator::Equal || match == Match::OverBudget) {
    return match;
  }
  return match_if(match == Match::No);
}

Term read_term(std::string_view text) {
  const TermOperator op = term_operator(text);
  if (op == TermOperator::InRange || op == TermOperator::NotInRange) {
    const auto ends = split_range(text, op);
    if (!ends) {
      return {.shape = Term::Shape::Never, .low = {}, .high = {}};
    }
    // As upstream, each end is a term of its own with an operator before it: what follows is
    // trimmed and compared.
    const bool inside = op == TermOperator::InRange;
    return {
        .shape = inside ? Term::Shape::Inside : Term::Shape::Outside,
        .low = read_bound(inside ? TermOperator::MoreEqual : TermOperator::Less, ends->first),
        .high = read_bound(inside ? TermOperator::LessEqual : TermOperator::More, ends->second)};
  }
  const std::size_t skip = op == TermOperator::Equal                                        ? 0
                           : op == TermOperator::MoreEqual || op == TermOperator::LessEqual ? 2
                                                                                            : 1;
  return {.shape = Term::Shape::Single,
          .low = read_bound(op, trim_unicode_space(text.substr(skip))),
          .high = {}};
}

Match match_term(const Term& term, ScalarValue& value, Budget& budget) {
  switch (term.shape) {
    case Term::Shape::Single:
      return match_bound(term.low, value, budget);
    case Term::Shape::Inside: {
      const Match low = match_bound(term.low, value, budget);
      return low == Match::Yes ? match_bound(term.high, value, budget) : low;
    }
    case Term::Shape::Outside: {
      const Match low = match_bound(term.low, value, budget);
      return low == Match::No ? match_bound(term.high, value, budget) : low;
    }
    case Term::Shape::Never:
      return Match::No;
  }
  return Match::No;
}

}  // namespace tally::pattern
