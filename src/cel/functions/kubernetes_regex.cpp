// The library kubernetes.regex (k8s.io/apiserver v0.36, pkg/cel/library/regex.go).
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/regex_matches.hpp"

namespace tally::cel {

namespace {

Value illegal(EvalContext& context, const re2::RE2& pattern) {
  return invalid(context,
                 {"Illegal regex: ", regex_error(context.arena, pattern).as_error().message});
}

Value find(EvalContext& context, std::span<const Value> args) {
  const re2::RE2& pattern = cached_regex(args[1].text());
  if (!pattern.ok()) {
    return illegal(context, pattern);
  }
  std::array<std::string_view, 1> match;
  return Value::string(RegexMatches(pattern, args[0].text()).next(match) ? match[0]
                                                                         : std::string_view{});
}

Value find_all(EvalContext& context, std::span<const Value> args) {
  const re2::RE2& pattern = cached_regex(args[1].text());
  if (!pattern.ok()) {
    return illegal(context, pattern);
  }
  const std::int64_t limit = args.size() == 3 ? args[2].as_int() : -1;
  std::uint64_t room = limit < 0 ? UINT64_MAX : static_cast<std::uint64_t>(limit);
  ListBuilder found(context.arena);
  std::array<std::string_view, 1> match;
  RegexMatches matches(pattern, args[0].text());
  while (room-- > 0 && matches.next(match)) {
    found.add(Value::string(match[0]));
  }
  return found.finish();
}

constexpr auto kFind = std::to_array<Overload>({
    {.id = "string_find_string",
     .signature = "(string, string) -> string",
     .apply = find,
     .member = true},
});
constexpr auto kFindAll = std::to_array<Overload>({
    {.id = "string_find_all_string",
     .signature = "(string, string) -> list(string)",
     .apply = find_all,
     .member = true},
    {.id = "string_find_all_string_int",
     .signature = "(string, string, int) -> list(string)",
     .apply = find_all,
     .member = true},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "find",
     .library = Library::KubernetesRegex,
     .overloads = kFind,
     .summary = "The first match of an RE2 pattern; empty if there is none.\n"
                "'abc 123'.find('[0-9]+') == '123'"},
    {.name = "findAll",
     .library = Library::KubernetesRegex,
     .overloads = kFindAll,
     .summary = "Every match of an RE2 pattern, or the first N.\n"
                "'123 abc 456'.findAll('[0-9]+') == ['123', '456']"},
});

}  // namespace

std::span<const Function> kubernetes_regex_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
