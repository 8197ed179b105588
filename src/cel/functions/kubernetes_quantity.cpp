// The library kubernetes.quantity (k8s.io/apiserver v0.36, pkg/cel/library/quantity.go) over
// scalar::Quantity. A value is held as its text, which says everything that CEL can ask, because a
// Quantity owns memory and values of an evaluation may not.
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "scalar/quantity.hpp"

namespace tally::cel {

namespace {

using scalar::Quantity;
using scalar::QuantityFormat;

struct QuantityText {
  std::string_view text;
};

Quantity read(const void* data) {
  return Quantity::try_parse(static_cast<const QuantityText*>(data)->text).value_or(Quantity{});
}

bool equal_quantities(const void* a, const void* b) { return read(a) == read(b); }

std::string_view quantity_text(Arena& /*arena*/, const void* data) {
  return static_cast<const QuantityText*>(data)->text;
}

constexpr OpaqueKind kQuantityKind{
    .type_name = "kubernetes.Quantity", .equal = equal_quantities, .text = quantity_text};

Quantity quantity_of(const Value& value) { return read(value.as_opaque().data); }

Value to_value(EvalContext& context, const Quantity& quantity) {
  return opaque_value(context.arena, kQuantityKind,
                      QuantityText{context.arena.copy(quantity.to_string())});
}

Value parse(EvalContext& context, std::span<const Value> args) {
  const auto quantity = Quantity::parse(args[0].text());
  if (!quantity) {
    return invalid(context, {quantity.error().message});
  }
  return opaque_value(context.arena, kQuantityKind, QuantityText{args[0].text()});
}

Value is_quantity(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(Quantity::try_parse(args[0].text()).has_value());
}

Value sign(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::integer(quantity_of(args[0]).sign());
}

Value is_integer(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(quantity_of(args[0]).as_integer().has_value());
}

Value as_integer(EvalContext& context, std::span<const Value> args) {
  const auto integer = quantity_of(args[0]).as_integer();
  return integer ? Value::integer(*integer) : invalid(context, {"cannot convert value to integer"});
}

Value as_float(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::real(quantity_of(args[0]).as_approximate_double());
}

Value compare_to(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::integer(quantity_of(args[0]).compare(quantity_of(args[1])));
}

Value is_greater(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(quantity_of(args[0]).compare(quantity_of(args[1])) > 0);
}

Value is_less(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(quantity_of(args[0]).compare(quantity_of(args[1])) < 0);
}

enum class Operation : std::uint8_t { Add, Subtract };

// The second operand is a quantity or an int.
template <Operation kOperation>
Value combine(EvalContext& context, std::span<const Value> args) {
  const Quantity a = quantity_of(args[0]);
  const Quantity b = args[1].is(ValueKind::Int)
                         ? Quantity::from_integer(args[1].as_int(), QuantityFormat::DecimalExponent)
                         : quantity_of(args[1]);
  const auto result = kOperation == Operation::Add ? a.add(b) : a.subtract(b);
  return result ? to_value(context, *result)
                : invalid(context, {"quantities differ too much in size"});
}

constexpr auto kParse = std::to_array<Overload>({
    {.id = "string_to_quantity",
     .signature = "(string) -> kubernetes.Quantity",
     .apply = parse,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kIsQuantity = std::to_array<Overload>({
    {.id = "is_quantity_string",
     .signature = "(string) -> bool",
     .apply = is_quantity,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kSign = std::to_array<Overload>({
    // Upstream declares it as a function, not as a member: sign(quantity('1')).
    {.id = "quantity_sign", .signature = "(kubernetes.Quantity) -> int", .apply = sign},
});
constexpr auto kIsGreaterThan = std::to_array<Overload>({
    {.id = "quantity_is_greater_than",
     .signature = "(kubernetes.Quantity, kubernetes.Quantity) -> bool",
     .apply = is_greater,
     .member = true},
});
constexpr auto kIsLessThan = std::to_array<Overload>({
    {.id = "quantity_is_less_than",
     .signature = "(kubernetes.Quantity, kubernetes.Quantity) -> bool",
     .apply = is_less,
     .member = true},
});
constexpr auto kCompareTo = std::to_array<Overload>({
    {.id = "quantity_compare_to",
     .signature = "(kubernetes.Quantity, kubernetes.Quantity) -> int",
     .apply = compare_to,
     .member = true},
});
constexpr auto kAsApproximateFloat = std::to_array<Overload>({
    {.id = "quantity_get_float",
     .signature = "(kubernetes.Quantity) -> double",
     .apply = as_float,
     .member = true},
});
constexpr auto kAsInteger = std::to_array<Overload>({
    {.id = "quantity_get_int",
     .signature = "(kubernetes.Quantity) -> int",
     .apply = as_integer,
     .member = true},
});
constexpr auto kIsInteger = std::to_array<Overload>({
    {.id = "quantity_is_integer",
     .signature = "(kubernetes.Quantity) -> bool",
     .apply = is_integer,
     .member = true},
});
constexpr auto kAdd = std::to_array<Overload>({
    {.id = "quantity_add",
     .signature = "(kubernetes.Quantity, kubernetes.Quantity) -> kubernetes.Quantity",
     .apply = combine<Operation::Add>,
     .member = true},
    {.id = "quantity_add_int",
     .signature = "(kubernetes.Quantity, int) -> kubernetes.Quantity",
     .apply = combine<Operation::Add>,
     .member = true},
});
constexpr auto kSub = std::to_array<Overload>({
    {.id = "quantity_sub",
     .signature = "(kubernetes.Quantity, kubernetes.Quantity) -> kubernetes.Quantity",
     .apply = combine<Operation::Subtract>,
     .member = true},
    {.id = "quantity_sub_int",
     .signature = "(kubernetes.Quantity, int) -> kubernetes.Quantity",
     .apply = combine<Operation::Subtract>,
     .member = true},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "quantity",
     .library = Library::KubernetesQuantity,
     .overloads = kParse,
     .summary = "A resource quantity, read from a string.\n"
                "quantity('200M').compareTo(quantity('0.2G')) == 0"},
    {.name = "isQuantity",
     .library = Library::KubernetesQuantity,
     .overloads = kIsQuantity,
     .summary = "Whether a string is a resource quantity.\nisQuantity('1.3Gi')"},
    {.name = "sign",
     .library = Library::KubernetesQuantity,
     .overloads = kSign,
     .summary = "-1, 0 or 1.\nsign(quantity('-50k')) == -1"},
    {.name = "isGreaterThan",
     .library = Library::KubernetesQuantity,
     .overloads = kIsGreaterThan,
     .summary = "Whether a quantity is greater than another one.\n"
                "quantity('150Mi').isGreaterThan(quantity('100Mi'))"},
    {.name = "isLessThan",
     .library = Library::KubernetesQuantity,
     .overloads = kIsLessThan,
     .summary = "Whether a quantity is less than another one.\n"
                "quantity('50M').isLessThan(quantity('50Mi'))"},
    {.name = "compareTo",
     .library = Library::KubernetesQuantity,
     .overloads = kCompareTo,
     .summary = "-1, 0 or 1 as a quantity is less than, equal to or greater than another one.\n"
                "quantity('50Mi').compareTo(quantity('50M')) == 1"},
    {.name = "asApproximateFloat",
     .library = Library::KubernetesQuantity,
     .overloads = kAsApproximateFloat,
     .summary = "The value as a floating point number, perhaps not exactly.\n"
                "quantity('1.5').asApproximateFloat() == 1.5"},
    {.name = "asInteger",
     .library = Library::KubernetesQuantity,
     .overloads = kAsInteger,
     .summary = "The value as an int; an error if it is none.\n"
                "quantity('50k').asInteger() == 50000"},
    {.name = "isInteger",
     .library = Library::KubernetesQuantity,
     .overloads = kIsInteger,
     .summary = "Whether asInteger() gives a value.\n!quantity('50m').isInteger()"},
    {.name = "add",
     .library = Library::KubernetesQuantity,
     .overloads = kAdd,
     .summary = "The sum of two quantities, or of a quantity and an int.\n"
                "quantity('50k').add(20) == quantity('50020')"},
    {.name = "sub",
     .library = Library::KubernetesQuantity,
     .overloads = kSub,
     .summary = "The difference of two quantities, or of a quantity and an int.\n"
                "quantity('50k').sub(quantity('20k')) == quantity('30k')"},
});

}  // namespace

std::span<const Function> kubernetes_quantity_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
