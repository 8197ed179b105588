// Functions of strings: cel-spec doc/langdef.md, "String functions". Patterns are RE2's
// (https://github.com/google/re2/wiki/Syntax), found anywhere in the text.
#include "cel/functions/standard.hpp"
#include "cel/internal/regex.hpp"

namespace tally::cel {
namespace {

using Args = std::span<const Value>;

Value contains(EvalContext&, Args args) {
  return Value::boolean(args[0].text().contains(args[1].text()));
}
Value ends_with(EvalContext&, Args args) {
  return Value::boolean(args[0].text().ends_with(args[1].text()));
}
Value starts_with(EvalContext&, Args args) {
  return Value::boolean(args[0].text().starts_with(args[1].text()));
}
Value matches(EvalContext& context, Args args) {
  return regex_matches(context.arena, args[0].text(), args[1].text());
}

constexpr Overload kContains[] = {{.id = "contains_string",
                                   .signature = "(string, string) -> bool",
                                   .apply = contains,
                                   .member = true,
                                   .cost = CostRule::Contains}};
constexpr Overload kEndsWith[] = {{.id = "ends_with_string",
                                   .signature = "(string, string) -> bool",
                                   .apply = ends_with,
                                   .member = true,
                                   .cost = CostRule::TraverseFirst}};
constexpr Overload kStartsWith[] = {{.id = "starts_with_string",
                                     .signature = "(string, string) -> bool",
                                     .apply = starts_with,
                                     .member = true,
                                     .cost = CostRule::TraverseFirst}};
constexpr Overload kMatches[] = {
    {.id = "matches", .signature = "(string, string) -> bool", .apply = matches},
    {.id = "matches_string",
     .signature = "(string, string) -> bool",
     .apply = matches,
     .member = true,
     .cost = CostRule::Matches},
};

constexpr Function kFunctions[] = {
    {.name = "contains",
     .overloads = kContains,
     .summary = "Whether the string holds the other one.\n'hello'.contains('ell') // true"},
    {.name = "endsWith",
     .overloads = kEndsWith,
     .summary = "Whether the string ends with the other one.\n'hello'.endsWith('lo') // true"},
    {.name = "startsWith",
     .overloads = kStartsWith,
     .summary = "Whether the string begins with the other one.\n'hello'.startsWith('he') // true"},
    {.name = "matches",
     .overloads = kMatches,
     .summary = "Whether an RE2 pattern is found in the string.\n'v1.30'.matches('^v1') // true"},
};

}  // namespace

std::span<const Function> standard_text_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
