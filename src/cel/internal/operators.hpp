#pragma once
// What the operators of the evaluator do to two values, and what equality costs. Inline: they stand
// in the innermost loop.

#include <algorithm>

#include "cel/functions/standard.hpp"
#include "cel/internal/code.hpp"
#include "cel/internal/text_size.hpp"
#include "cel/value.hpp"

namespace tally::cel {

// Which error or unknown a logical operator hands on: unknowns first, else the left one.
inline Value outcome_of(const Value& left, const Value& right) noexcept {
  if (left.is(ValueKind::Unknown)) {
    return left;
  }
  if (right.is(ValueKind::Unknown)) {
    return right;
  }
  if (left.is_error()) {
    return left;
  }
  if (!left.is(ValueKind::Bool)) {
    return no_such_overload();
  }
  return right.is_error() ? right : no_such_overload();
}

// cel-spec, "Logical Operators": false wins over everything.
inline Value both(const Value& left, const Value& right) noexcept {
  if (left.is_false() || right.is_false()) {
    return Value::boolean(false);
  }
  return left.is_true() && right.is_true() ? left : outcome_of(left, right);
}

inline Value either(const Value& left, const Value& right) noexcept {
  if (left.is_true() || right.is_true()) {
    return Value::boolean(true);
  }
  return left.is_false() && right.is_false() ? left : outcome_of(left, right);
}

inline bool equal_quick(Arena& arena, const Value& a, const Value& b) {
  if (a.kind() == b.kind()) {
    if (a.is(ValueKind::String)) {
      return a.text() == b.text();
    }
    if (a.is(ValueKind::Int) || a.is(ValueKind::Bool)) {
      return a.as_uint() == b.as_uint();
    }
  }
  return equal(arena, a, b);
}

inline bool is_number_or_bool(const Value& value) noexcept {
  return value.kind() >= ValueKind::Bool && value.kind() <= ValueKind::Double;
}

// What `==` costs: most operands are scalars or short.
inline std::uint64_t equality_cost(const Value& a, const Value& b) noexcept {
  if (is_number_or_bool(a) && is_number_or_bool(b)) {
    return 1;  // of size 1 each
  }
  if (a.is(ValueKind::Opaque)) {
    return 1;
  }
  if (a.is(ValueKind::String) && b.is(ValueKind::String)) {
    const std::size_t bytes = std::min(a.text().size(), b.text().size());
    if (bytes <= 10) {
      return bytes == 0 ? 0 : 1;
    }
  }
  return traversal_cost(std::min(actual_size(a), actual_size(b)));
}

inline std::uint64_t inequality_cost(const Value& a, const Value& b) noexcept {
  return traversal_cost(std::min(actual_size(a), actual_size(b)));
}

inline bool set_has(Arena& arena, const ConstantSet& set, const Value& item) {
  if (set.hashed.is(ValueKind::Map)) {
    Value ignored;
    return map_find(arena, set.hashed, item, ignored);
  }
  return std::ranges::any_of(set.items,
                             [&](const Value& known) { return equal_quick(arena, known, item); });
}

}  // namespace tally::cel
