#include "jmespath/internal/call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "jmespath/function.hpp"
#include "jmespath/internal/numbers.hpp"

namespace tally::jmespath {

namespace {

struct AcceptsName {
  Accepts accepts;
  std::string_view name;
};
// In the order in which upstream lists them, as far as it keeps one.
constexpr std::array<AcceptsName, 9> kNames{{
    {kObject, "object"},
    {kArray, "array"},
    {kString, "string"},
    {kNumber, "number"},
    {kNumbers, "array[number]"},
    {kStrings, "array[string]"},
    {kExpression, "expref"},
    {kBoolean, "bool"},
    {kAnyValue, "any"},
}};

bool all_are(const Node& list, Type type) {
  return std::ranges::all_of(list.items(),
                             [type](const Node& item) { return type_of(item) == type; });
}

bool fits(const Node& argument, Accepts accepts) {
  if ((accepts & kAnyValue) != 0) {
    return true;
  }
  switch (type_of(argument)) {
    case Type::Number:
      return (accepts & kNumber) != 0;
    case Type::String:
      return (accepts & kString) != 0;
    case Type::Object:
      return (accepts & kObject) != 0;
    case Type::ExpressionRef:
      return (accepts & kExpression) != 0;
    case Type::Array:
      return (accepts & kArray) != 0 ||
             ((accepts & kNumbers) != 0 && all_are(argument, Type::Number)) ||
             ((accepts & kStrings) != 0 && all_are(argument, Type::String));
    case Type::ObjectArray:
      return (accepts & kArray) != 0;
    case Type::Null:
    case Type::Boolean:
    case Type::Integer:
      return false;
  }
  return false;
}

bool fail_type(Call& call, const Node& argument, Accepts accepts) {
  std::string expected;
  for (const AcceptsName& one : kNames) {
    if ((accepts & one.accepts) == 0) {
      continue;
    }
    const std::string name = fmt::format("\"{}\"", one.name);
    const bool is_before = (accepts & kReversed) != 0;
    expected = expected.empty() ? name
               : is_before      ? name + ", " + expected
                                : expected + ", " + name;
  }
  if (call.is_kyverno_json()) {
    return call.fail(fmt::format("invalid type for: {}, expected: []functions.JpType{{{}}}",
                                 go_value_text(argument), expected));
  }
  return call.fail(fmt::format("Invalid type for: {}, expected: []jmespath.JpType{{{}}}",
                               go_value_text(argument), expected));
}

// interpreter/functions.go and error/errors.go of github.com/jmespath-community/go-jmespath.
bool has_community_arity(Call& call, const Function& function, std::size_t count) {
  if (function.takes_anything) {
    return true;
  }
  const std::size_t most = function.parameters.size();
  const std::size_t least = most - function.optional;
  if (count < least) {
    const std::string_view more = function.is_variadic ? "or more " : "";
    const std::string_view only = function.is_variadic ? "only " : "";
    return call.fail(
        fmt::format("invalid arity, the function '{}' expects {} argument{} {}but {}were supplied",
                    function.name, least, least > 1 ? "s" : "", more,
                    count == 0 ? std::string("none ") : fmt::format("{}{} ", only, count)));
  }
  if (!function.is_variadic && count > most) {
    return call.fail(
        fmt::format("invalid arity, the function '{}' expects at most {} arguments but {} were "
                    "supplied",
                    function.name, most, count));
  }
  return true;
}

}  // namespace

std::string accepts_text(Accepts accepts) {
  std::string out;
  for (const AcceptsName& one : kNames) {
    if ((accepts & one.accepts) != 0) {
      out += out.empty() ? "" : "|";
      out += one.name;
    }
  }
  return out;
}

bool Call::fail(std::string message) {
  if (!failed_) {
    failed_ = true;
    message_ = std::move(message);
  }
  return false;
}

bool Call::fail_limit(std::string_view what) {
  is_limit_ = is_limit_ || !failed_;
  return fail(std::string(what));
}

bool Call::forget_failure() {
  failed_ = is_limit_;
  return !failed_;
}

bool Call::fail_function(std::string_view function, std::string_view message) {
  return fail(fmt::format("JMESPath function '{}': {}", function, message));
}

bool Call::charge_steps(std::uint64_t steps) {
  steps_ += steps;
  return steps_ <= limits_.steps || fail_limit("the expression takes too many steps");
}

bool Call::charge_bytes(std::uint64_t bytes) {
  bytes_ += bytes;
  return bytes_ <= limits_.bytes || fail_limit("the expression makes too much data");
}

bool Call::give_text(std::string_view text, Node& out) {
  return charge_bytes(text.size()) && give_own_text(arena_.copy(text), out);
}

bool Call::give_own_text(std::string_view text, Node& out) {
  out = Node::make_string(text, 0);
  return true;
}

bool Call::give_number(double value, Node& out) {
  has_odd_number_ = has_odd_number_ || !std::isfinite(value);
  out = make_number(arena_, value);
  return charge_bytes(out.text().size());
}

bool Call::give_bool(bool value, Node& out) {
  out = Node::make_bool(value, 0);
  return true;
}

bool Call::give_list(std::span<const Node> items, Node& out) {
  if (!charge_bytes(items.size_bytes())) {
    return false;
  }
  out = Node::make_array(arena_, items, 0);
  return true;
}

bool Call::give_texts(std::span<const std::string_view> texts, Node& out) {
  if (!charge_bytes(texts.size() * sizeof(Node))) {
    return false;
  }
  std::vector<Node> items(texts.size());
  std::ranges::transform(texts, items.begin(),
                         [](std::string_view text) { return Node::make_string(text, 0); });
  out = Node::make_array(arena_, items, 0);
  return true;
}

bool Call::give_object(std::span<const Node> values, std::span<const std::string_view> keys,
                       Node& out) {
  std::uint64_t bytes = values.size_bytes();
  for (const std::string_view key : keys) {
    bytes += key.size() + sizeof(std::uint16_t);
  }
  if (!charge_bytes(bytes)) {
    return false;
  }
  out = Node::make_object(arena_, values, keys, {}, 0);
  return true;
}

bool call_function(Call& call, const Function& function, std::span<const Node> arguments,
                   Node& out) {
  const auto parameters = function.parameters;
  if (call.is_kyverno_json()) {
    if (!has_community_arity(call, function, arguments.size())) {
      return false;
    }
  } else if (function.is_variadic) {
    if (arguments.size() < parameters.size()) {
      return call.fail("Invalid arity.");
    }
  } else if (!function.takes_anything && arguments.size() != parameters.size()) {
    return call.fail("incorrect number of args");
  }
  for (std::size_t i = 0; i < arguments.size() && !parameters.empty(); ++i) {
    const Accepts accepts = parameters[std::min(i, parameters.size() - 1)];
    const std::uint64_t looked_at =
        (accepts & (kNumbers | kStrings)) != 0 ? arguments[i].size() : 0;
    if (!call.charge_steps(looked_at)) {
      return false;
    }
    if (!fits(arguments[i], accepts)) {
      return fail_type(call, arguments[i], accepts);
    }
  }
  return function.apply(call, arguments, out);
}

std::string unsupported_number(const Node& node) {
  if (type_of(node) == Type::Number) {
    const double value = number_of(node);
    return std::isfinite(value) ? std::string{} : std::string(json_number_text(value).text());
  }
  for (const Node& item : node.items()) {
    if (std::string found = unsupported_number(item); !found.empty()) {
      return found;
    }
  }
  return {};
}

}  // namespace tally::jmespath
