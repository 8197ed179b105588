#include "jmespath/internal/value.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <vector>

#include "base/text.hpp"
#include "jmespath/expression.hpp"
#include "jmespath/internal/numbers.hpp"

namespace tally::jmespath {

namespace {

constexpr char kExpressionRefText[] = "expression";
constexpr std::string_view kIntegers = "-101";  // "-1", "0", "1"
constexpr std::uint32_t kObjectArrayOffset = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kGoIntegerOffset = kObjectArrayOffset - 1;  // no source is so long
constexpr std::size_t kMessageBytesMax = 200;

bool is_own_integer(const Node& node) noexcept {
  const char* const text = node.text().data();
  return text >= kIntegers.data() && text < kIntegers.data() + kIntegers.size();
}

void append_go_value(std::string& out, const Node& node) {
  if (out.size() > kMessageBytesMax) {
    return;
  }
  switch (type_of(node)) {
    case Type::Null:
      out += "<nil>";
      return;
    case Type::Boolean:
      out += node.boolean() ? "true" : "false";
      return;
    case Type::Number:
      out += go_number_text(number_of(node)).text();
      return;
    case Type::Integer:
    case Type::String:
      out += node.text().substr(0, kMessageBytesMax);
      return;
    case Type::ExpressionRef:
      out += kExpressionRefText;
      return;
    case Type::Array:
    case Type::ObjectArray: {
      out += '[';
      for (std::size_t i = 0; i < node.size() && out.size() <= kMessageBytesMax; ++i) {
        out += i == 0 ? "" : " ";
        append_go_value(out, node.items()[i]);
      }
      out += ']';
      return;
    }
    case Type::Object: {
      std::vector<std::size_t> order(node.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::ranges::sort(order, {}, [&node](std::size_t i) { return node.key(i); });
      out += "map[";
      for (std::size_t i = 0; i < order.size() && out.size() <= kMessageBytesMax; ++i) {
        out += i == 0 ? "" : " ";
        out += node.key(order[i]);
        out += ':';
        append_go_value(out, node.items()[order[i]]);
      }
      out += ']';
      return;
    }
  }
}

// As deep as the value: its reader bounds that.
bool mark_integers(const Node& value, Arena& arena, Node& out) {
  if (value.is_number()) {
    const std::optional<std::int64_t> integer = value.integer();
    out = integer ? go_integer(*integer, arena) : value;
    return integer.has_value();
  }
  std::vector<Node> items(value.items().begin(), value.items().end());
  bool is_changed = false;
  for (Node& item : items) {
    Node marked;
    if (mark_integers(item, arena, marked)) {
      item = marked;
      is_changed = true;
    }
  }
  if (is_changed && value.is_array()) {
    out = Node::make_array(arena, items, value.offset());
  } else if (is_changed) {
    std::vector<std::string_view> keys(value.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i] = value.key(i);
    }
    out = Node::make_object(arena, items, keys, {}, value.offset());
  }
  return is_changed;
}

}  // namespace

Type type_of(const Node& node) noexcept {
  using document::NodeKind;
  switch (node.kind()) {
    case NodeKind::Null:
      return Type::Null;
    case NodeKind::Bool:
      return Type::Boolean;
    case NodeKind::Number:
      return node.offset() == kGoIntegerOffset || is_own_integer(node) ? Type::Integer
                                                                       : Type::Number;
    case NodeKind::String:
      return node.text().data() == kExpressionRefText ? Type::ExpressionRef : Type::String;
    case NodeKind::Array:
      return node.offset() == kObjectArrayOffset ? Type::ObjectArray : Type::Array;
    case NodeKind::Object:
      return Type::Object;
  }
  return Type::Null;
}

Node make_integer(int value) noexcept {
  return Node::make_number(value < 0    ? kIntegers.substr(0, 2)
                           : value == 0 ? kIntegers.substr(2, 1)
                                        : kIntegers.substr(3, 1),
                           0);
}

Node make_object_array(Arena& arena, std::span<const Node> items) {
  return Node::make_array(arena, items, kObjectArrayOffset);
}

Node make_expression_ref(std::uint32_t instruction) noexcept {
  return Node::make_string({kExpressionRefText, sizeof(kExpressionRefText) - 1}, instruction);
}

std::uint32_t expression_of(const Node& node) noexcept { return node.offset(); }

Node unmarked(const Node& node) noexcept {
  switch (type_of(node)) {
    case Type::Integer:
      if (node.offset() == kGoIntegerOffset) {
        return Node::make_number(node.text(), 0);
      }
      return Node::make_number(node.text()[0] == '-' ? "-1" : node.text()[0] == '0' ? "0" : "1", 0);
    case Type::ExpressionRef:
      return Node{};
    default:
      return node;
  }
}

bool is_false(const Node& node) noexcept {
  switch (type_of(node)) {
    case Type::Null:
      return true;
    case Type::Boolean:
      return !node.boolean();
    case Type::String:
      return node.text().empty();
    case Type::Array:
    case Type::ObjectArray:
    case Type::Object:
      return node.size() == 0;
    case Type::Number:
    case Type::Integer:
    case Type::ExpressionRef:
      return false;
  }
  return false;
}

bool deep_equal(const Node& a, const Node& b, std::uint64_t& steps) {
  ++steps;
  const Type type = type_of(a);
  if (type != type_of(b)) {
    return false;
  }
  switch (type) {
    case Type::Null:
      return true;
    case Type::Boolean:
      return a.boolean() == b.boolean();
    case Type::Number:
      return number_of(a) == number_of(b);
    case Type::Integer:
    case Type::String:
      return a.text() == b.text();
    case Type::ExpressionRef:
      return expression_of(a) == expression_of(b);
    case Type::Array:
    case Type::ObjectArray: {
      if (a.size() != b.size()) {
        return false;
      }
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (!deep_equal(a.items()[i], b.items()[i], steps)) {
          return false;
        }
      }
      return true;
    }
    case Type::Object: {
      if (a.size() != b.size()) {
        return false;
      }
      for (std::size_t i = 0; i < a.size(); ++i) {
        // The same key at the same place is the common case; a search costs as much as the map.
        const Node* other = b.key(i) == a.key(i) ? &b.items()[i] : nullptr;
        if (other == nullptr) {
          steps += b.size();
          other = b.find(a.key(i));
        }
        if (other == nullptr || !deep_equal(a.items()[i], *other, steps)) {
          return false;
        }
      }
      return true;
    }
  }
  return false;
}

bool is_numeric(const Node& node) noexcept {
  const Type type = type_of(node);
  return type == Type::Number || type == Type::Integer;
}

Node go_integer(std::int64_t value, Arena& arena) {
  return Node::make_number(arena.copy(std::to_string(value)), kGoIntegerOffset);
}

bool is_go_integer(const Node& value) noexcept {
  return value.is_number() && type_of(value) == Type::Integer;
}

Node go_integers(const Node& value, Arena& arena) {
  Node marked;
  return mark_integers(value, arena, marked) ? marked : value;
}

std::string go_value_text(const Node& node) {
  std::string out;
  append_go_value(out, node);
  return excerpt(out, kMessageBytesMax);
}

}  // namespace tally::jmespath
