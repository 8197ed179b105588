#include "pattern/scalar_pattern.hpp"

#include <span>

#include "pattern/internal/go_number.hpp"
#include "pattern/internal/go_text.hpp"

namespace tally::pattern {

using document::Node;
using document::NodeKind;

namespace {

// validateIntPattern and validateFloatPattern.
bool match_number(const Node& value, const GoNumber& pattern) {
  if (value.is_string()) {
    if (pattern.is_integer) {
      return parse_integer(value.text()) == pattern.integer;
    }
    const auto real = parse_real(value.text());
    return real && *real == pattern.real;
  }
  if (!value.is_number()) {
    return false;
  }
  const GoNumber number = read_number(value);
  if (pattern.is_integer) {
    return number.is_integer ? number.integer == pattern.integer
                             : is_whole(number.real) && go_int64(number.real) == pattern.integer;
  }
  return number.is_integer ? is_whole(pattern.real) && go_int64(pattern.real) == number.integer
                           : number.real == pattern.real;
}

bool match_null(const Node& value) {
  switch (value.kind()) {
    case NodeKind::Null:
      return true;
    case NodeKind::Bool:
      return !value.boolean();
    case NodeKind::Number:
      return value.number() == 0;
    case NodeKind::String:
      return value.text().empty();
    case NodeKind::Array:
    case NodeKind::Object:
      return false;
  }
  return false;
}

// Everything but texts.
bool match_other(const Node& value, const Node& pattern, const GoNumber& number) {
  switch (pattern.kind()) {
    case NodeKind::Null:
      return match_null(value);
    case NodeKind::Bool:
      return value.is_bool() && value.boolean() == pattern.boolean();
    case NodeKind::Number:
      return match_number(value, number);
    case NodeKind::Object:
      return value.is_object();
    case NodeKind::Array:
    case NodeKind::String:
      return false;
  }
  return false;
}

}  // namespace

ScalarPattern ScalarPattern::compile(const Node& pattern, Arena& texts, NumberReading reading) {
  ScalarPattern out;
  out.reading_ = reading;
  switch (pattern.kind()) {
    case NodeKind::Array:
      out.node_ = Node::make_array(texts, {}, pattern.offset());
      break;
    case NodeKind::Object:
      out.node_ =
          Node::make_object(texts, {}, std::span<const std::string_view>{}, {}, pattern.offset());
      break;
    case NodeKind::Null:
    case NodeKind::Bool:
      out.node_ = pattern;
      break;
    case NodeKind::Number:
      out.node_ = Node::make_number(texts.copy(pattern.text()), pattern.offset());
      out.number_ = read_number(pattern, reading);
      break;
    case NodeKind::String: {
      const std::string_view text = texts.copy(pattern.text());
      out.node_ = Node::make_string(text, pattern.offset());
      split_trimmed(text, '|', [&](std::string_view alternative) {
        split_trimmed(alternative, '&', [&](std::string_view term) {
          out.terms_.push_back({read_term(term), false});
          return true;
        });
        out.terms_.back().ends_alternative = true;
        return true;
      });
      break;
    }
  }
  return out;
}

std::string_view ScalarPattern::type_name() const noexcept {
  return node_.is_number() && !number_.is_integer ? "float64" : go_type_name(node_);
}

Match ScalarPattern::match(const Node& value, Budget& budget) const {
  if (!node_.is_string()) {
    return match_if(match_other(value, node_, number_));
  }
  // 1. The whole text, whatever it means.
  if (value.is_string() && value.text() == node_.text()) {
    return Match::Yes;
  }
  // 2. The alternatives.
  ScalarValue scalar(value, NumberReading::AsWritten);
  bool holds = true;
  for (const TermInList& item : terms_) {
    if (holds) {
      const Match match = match_term(item.term, scalar, budget);
      if (match == Match::OverBudget) {
        return match;
      }
      holds = match == Match::Yes;
    }
    if (item.ends_alternative) {
      if (holds) {
        return Match::Yes;
      }
      holds = true;
    }
  }
  return Match::No;
}

Match match_scalar(const Node& value, const Node& pattern, Budget& budget, NumberReading reading) {
  if (!pattern.is_string()) {
    return match_if(match_other(value, pattern,
                                pattern.is_number() ? read_number(pattern, reading) : GoNumber{}));
  }
  if (value.is_string() && value.text() == pattern.text()) {
    return Match::Yes;
  }
  ScalarValue scalar(value, NumberReading::AsWritten);
  Match result = Match::No;
  split_trimmed(pattern.text(), '|', [&](std::string_view alternative) {
    result = Match::Yes;
    split_trimmed(alternative, '&', [&](std::string_view term) {
      result = match_term(read_term(term), scalar, budget);
      return result == Match::Yes;
    });
    return result == Match::No;
  });
  return result;
}

}  // namespace tally::pattern
