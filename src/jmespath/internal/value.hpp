#pragma once
// What a Node is to JMESPath. Three kinds of value have no Node of their own and are marked ones:
// an expression reference is a String whose text lies in a private buffer, and the list that
// `items` makes (in Go a []map[string]any, not a []any) is an Array with a private offset.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::jmespath {

using document::Node;

enum class Type : std::uint8_t {
  Null,
  Boolean,
  Number,
  Integer,  // an int of Go: the answer of compare(), and what go_integers() marks
  String,
  Array,
  ObjectArray,  // the answer of items()
  Object,
  ExpressionRef,
};

[[nodiscard]] Type type_of(const Node& node) noexcept;

[[nodiscard]] inline bool is_array(const Node& node) noexcept { return node.is_array(); }
[[nodiscard]] inline bool is_number(const Node& node) noexcept {
  return type_of(node) == Type::Number;
}
// A double or an integer of Go.
[[nodiscard]] bool is_numeric(const Node& node) noexcept;
[[nodiscard]] inline bool is_string(const Node& node) noexcept {
  return type_of(node) == Type::String;
}

// -1, 0, 1 as an int of Go.
[[nodiscard]] Node make_integer(int value) noexcept;
[[nodiscard]] Node make_object_array(Arena& arena, std::span<const Node> items);
[[nodiscard]] Node make_expression_ref(std::uint32_t instruction) noexcept;
// Precondition: type_of(node) == Type::ExpressionRef.
[[nodiscard]] std::uint32_t expression_of(const Node& node) noexcept;
// The same value without marks at its top, as it leaves an expression.
[[nodiscard]] Node unmarked(const Node& node) noexcept;

// https://jmespath.org/specification.html#or-expressions: null, false, and empty texts, lists and
// maps.
[[nodiscard]] bool is_false(const Node& node) noexcept;

// reflect.DeepEqual of Go: numbers as doubles, integers equal no double. `steps` counts values
// looked at. Recursion is as deep as the shallower value.
[[nodiscard]] bool deep_equal(const Node& a, const Node& b, std::uint64_t& steps);

// fmt's %v of Go, for messages; shortened.
[[nodiscard]] std::string go_value_text(const Node& node);

}  // namespace tally::jmespath
