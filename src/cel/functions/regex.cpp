// The regex library of cel-go (ext/regex.go of v0.31).
#include <algorithm>
#include <array>
#include <cmath>

#include "cel/cost.hpp"
#include "cel/functions/all.hpp"
#include "cel/internal/regex_matches.hpp"

namespace tally::cel {

namespace {

Value too_many_groups(EvalContext& context, std::string_view pattern) {
  return invalid(context, {"regular expression has more than one capturing group: ",
                           quoted(context.arena, pattern)});
}

// The part of the first match that is wanted: its group if the pattern has one.
Value extract(EvalContext& context, std::span<const Value> args) {
  const re2::RE2& pattern = cached_regex(args[1].text());
  if (!pattern.ok()) {
    return regex_error(context.arena, pattern);
  }
  if (pattern.NumberOfCapturingGroups() > 1) {
    return too_many_groups(context, args[1].text());
  }
  std::array<std::string_view, 2> groups;
  RegexMatches matches(pattern, args[0].text());
  if (!matches.next(groups)) {
    return Value::optional(nullptr);
  }
  if (pattern.NumberOfCapturingGroups() == 0) {
    return make_optional(context.arena, Value::string(groups[0]));
  }
  return groups[1].empty() ? Value::optional(nullptr)
                           : make_optional(context.arena, Value::string(groups[1]));
}

Value extract_all(EvalContext& context, std::span<const Value> args) {
  const re2::RE2& pattern = cached_regex(args[1].text());
  if (!pattern.ok()) {
    return regex_error(context.arena, pattern);
  }
  if (pattern.NumberOfCapturingGroups() > 1) {
    return too_many_groups(context, args[1].text());
  }
  const bool has_group = pattern.NumberOfCapturingGroups() == 1;
  ListBuilder found(context.arena);
  std::array<std::string_view, 2> groups;
  RegexMatches matches(pattern, args[0].text());
  while (matches.next(groups)) {
    if (!has_group) {
      found.add(Value::string(groups[0]));
    } else if (!groups[1].empty()) {
      found.add(Value::string(groups[1]));
    }
  }
  return found.finish();
}

// "\1" is the first group, "\0" the match, "\\" a backslash. Returns an error value, or null.
Value add_replacement(EvalContext& context, TextBuilder& out, std::string_view replacement,
                      std::span<const std::string_view> groups, std::size_t group_count) {
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '\\') {
      out.add(replacement[i]);
      continue;
    }
    ++i;
    if (i == replacement.size()) {
      return invalid(context,
                     {"invalid replacement string: '", replacement, "' \\ not allowed at end"});
    }
    if (replacement[i] == '\\') {
      out.add('\\');
      continue;
    }
    if (replacement[i] < '0' || replacement[i] > '9') {
      return invalid(context, {"invalid replacement string: '", replacement,
                               "' \\ must be followed by a digit or \\"});
    }
    const auto group = static_cast<std::size_t>(replacement[i] - '0');
    if (group > group_count) {
      return invalid(context, {"replacement string references group ",
                               decimal(context.arena, std::uint64_t{group}), " but regex has only ",
                               decimal(context.arena, std::uint64_t{group_count}), " group(s)"});
    }
    out.add(groups[group]);
  }
  return Value::null();
}

Value replace(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  const std::int64_t limit = args.size() == 4 ? args[3].as_int() : -1;
  if (limit == 0) {
    return args[0];
  }
  const re2::RE2& pattern = cached_regex(args[1].text());
  if (!pattern.ok()) {
    return regex_error(context.arena, pattern);
  }
  const auto group_count = static_cast<std::size_t>(pattern.NumberOfCapturingGroups());
  std::array<std::string_view, RegexMatches::kGroupsMax> groups;  // \0 to \9
  TextBuilder out(context.arena, text.size());
  std::size_t copied = 0;
  std::uint64_t room = limit < 0 ? UINT64_MAX : static_cast<std::uint64_t>(limit);
  RegexMatches matches(pattern, text);
  while (room-- > 0 && !out.too_long() &&
         matches.next({groups.data(), std::min(groups.size(), group_count + 1)})) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    out.add(text.substr(copied, begin - copied));
    if (const Value error = add_replacement(context, out, args[2].text(), groups, group_count);
        error.is_error()) {
      return error;
    }
    copied = begin + groups[0].size();
  }
  out.add(text.substr(copied));
  return out.finish();
}

// ext/regex.go, the cost trackers: one for the call, the search, and what is built.
double search_cost(std::span<const Value> args) {
  return 1.0 + static_cast<double>(actual_size(args[0]) + 1) * 0.1 *
                   (static_cast<double>(actual_size(args[1]) + 1) * 0.25);
}

std::uint64_t charge_extract(EvalContext& /*context*/, std::span<const Value> args,
                             const Value& result) {
  const std::uint64_t size = result.is(ValueKind::Optional) ? 1 : actual_size(result);
  return static_cast<std::uint64_t>(std::ceil(search_cost(args) + static_cast<double>(size)));
}

std::uint64_t charge_extract_all(EvalContext& /*context*/, std::span<const Value> args,
                                 const Value& result) {
  return static_cast<std::uint64_t>(
      std::ceil(search_cost(args) + static_cast<double>(actual_size(result)) + 10));
}

std::uint64_t charge_replace(EvalContext& /*context*/, std::span<const Value> args,
                             const Value& result) {
  return static_cast<std::uint64_t>(search_cost(args) + static_cast<double>(actual_size(result)));
}

constexpr auto kExtract = std::to_array<Overload>({
    {.id = "regex_extract_string_string",
     .signature = "(string, string) -> optional_type(string)",
     .apply = extract,
     .charge = charge_extract},
});
constexpr auto kExtractAll = std::to_array<Overload>({
    {.id = "regex_extractAll_string_string",
     .signature = "(string, string) -> list(string)",
     .apply = extract_all,
     .charge = charge_extract_all},
});
constexpr auto kReplace = std::to_array<Overload>({
    {.id = "regex_replace_string_string_string",
     .signature = "(string, string, string) -> string",
     .apply = replace,
     .charge = charge_replace},
    {.id = "regex_replace_string_string_string_int",
     .signature = "(string, string, string, int) -> string",
     .apply = replace,
     .charge = charge_replace},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "regex.extract",
     .library = Library::Regex,
     .overloads = kExtract,
     .summary = "The first match of an RE2 pattern, or of its only group; none if there is none.\n"
                "regex.extract('hello world', 'hello (.*)') == optional.of('world')"},
    {.name = "regex.extractAll",
     .library = Library::Regex,
     .overloads = kExtractAll,
     .summary = "Every match of an RE2 pattern, or of its only group.\n"
                "regex.extractAll('id:123, id:456', 'id:\\\\d+') == ['id:123', 'id:456']"},
    {.name = "regex.replace",
     .library = Library::Regex,
     .overloads = kReplace,
     .summary =
         "Replaces the matches of an RE2 pattern, or the first N; \\\\1 stands for the first "
         "group.\nregex.replace('foo bar', '(fo)o (ba)r', '\\\\2 \\\\1') == 'ba fo'"},
});

}  // namespace

std::span<const Function> regex_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
