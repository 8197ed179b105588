// Functions of the specification about types.
#include <array>

#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/numbers.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

bool apply_type(Call& call, Arguments arguments, Node& out) {
  switch (type_of(arguments[0])) {
    case Type::Null:
      return call.give_own_text("null", out);
    case Type::Boolean:
      return call.give_own_text("boolean", out);
    case Type::Number:
      return call.give_own_text("number", out);
    case Type::String:
      return call.give_own_text("string", out);
    case Type::Array:
      return call.give_own_text("array", out);
    case Type::Object:
      return call.give_own_text("object", out);
    case Type::Integer:
    case Type::ObjectArray:
    case Type::ExpressionRef:
      return call.fail("unknown type");
  }
  return false;
}

bool apply_to_array(Call& call, Arguments arguments, Node& out) {
  if (type_of(arguments[0]) == Type::Array) {
    out = arguments[0];
    return true;
  }
  return call.give_list(arguments.first(1), out);
}

bool apply_to_string(Call& call, Arguments arguments, Node& out) {
  if (is_string(arguments[0])) {
    out = arguments[0];
    return true;
  }
  std::string text;
  std::string unsupported;
  if (!append_go_json(text, arguments[0], unsupported)) {
    return call.fail("json: unsupported value: " + unsupported);
  }
  return call.charge_steps(text.size()) && call.give_text(text, out);
}

bool apply_to_number(Call& call, Arguments arguments, Node& out) {
  switch (type_of(arguments[0])) {
    case Type::Number:
      out = arguments[0];
      return true;
    case Type::String:
      if (const auto number = parse_go_float(arguments[0].text())) {
        return call.give_number(*number, out);
      }
      break;
    case Type::Integer:
      return call.is_kyverno_json() ? call.give_number(number_of(arguments[0]), out)
                                    : call.fail("unknown type");
    case Type::ObjectArray:
    case Type::ExpressionRef:
      return call.fail("unknown type");
    case Type::Null:
    case Type::Boolean:
    case Type::Array:
    case Type::Object:
      break;
  }
  out = Node{};
  return true;
}

bool apply_not_null(Call& /*call*/, Arguments arguments, Node& out) {
  out = Node{};
  for (const Node& argument : arguments) {
    if (!argument.is_null()) {
      out = argument;
      return true;
    }
  }
  return true;
}

constexpr std::array kAnything{kAnyValue};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "not_null",
     .origin = Origin::Standard,
     .parameters = kAnything,
     .is_variadic = true,
     .may_return_null = true,
     .apply = apply_not_null,
     .summary = "The first argument that is not null.",
     .example = "not_null(null, 'a', 'b') == 'a'"},
    {.name = "to_array",
     .origin = Origin::Standard,
     .parameters = kAnything,
     .returns = kArray,
     .apply = apply_to_array,
     .summary = "The argument if it is a list, else a list of it.",
     .example = "to_array('a') == ['a']"},
    {.name = "to_number",
     .origin = Origin::Standard,
     .parameters = kAnything,
     .returns = kNumber,
     .may_return_null = true,
     .apply = apply_to_number,
     .summary = "The number that a text writes; null for what is none.",
     .example = "to_number('1.50') == `1.5`"},
    {.name = "to_string",
     .origin = Origin::Standard,
     .parameters = kAnything,
     .returns = kString,
     .apply = apply_to_string,
     .summary = "A text as it is, anything else as JSON.",
     .example = "to_string([`1`]) == '[1]'"},
    {.name = "type",
     .origin = Origin::Standard,
     .parameters = kAnything,
     .returns = kString,
     .apply = apply_type,
     .summary = "The name of the argument's type.",
     .example = "type(`1`) == 'number'"},
});

}  // namespace

std::span<const Function> type_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
