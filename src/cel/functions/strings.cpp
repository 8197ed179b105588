// The strings library of cel-go (ext/strings.go of v0.31; cel-spec doc/extensions/strings.md),
// versions 0 to 4. Positions count code points; texts are searched as bytes, which finds the same
// in UTF-8.
#include <algorithm>
#include <array>
#include <cstring>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "cel/internal/string_format.hpp"

namespace tally::cel {

namespace {

Value out_of_range(EvalContext& context, std::int64_t index) {
  return invalid(context, {"index out of range: ", decimal(context.arena, index)});
}

// Whether `index` is a position in `text`, its end included.
bool is_position(std::string_view text, std::int64_t index) {
  return index >= 0 && static_cast<std::uint64_t>(index) <= code_points(text);
}

Value char_at(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  const std::int64_t index = args[1].as_int();
  if (!is_position(text, index)) {
    return out_of_range(context, index);
  }
  const std::size_t offset = code_point_offset(text, static_cast<std::size_t>(index));
  return Value::string(offset == text.size() ? std::string_view{}
                                             : text.substr(offset, utf8_size(text[offset])));
}

// memmem of glibc takes linear time whatever it is given; std::string_view::find does not.
std::size_t find_first(std::string_view text, std::string_view wanted) {
  if (wanted.size() > text.size() ||
      wanted.empty()) {  // it takes no null pointer, even for nothing
    return wanted.empty() ? 0 : std::string_view::npos;
  }
  const void* const at = memmem(text.data(), text.size(), wanted.data(), wanted.size());
  return at == nullptr ? std::string_view::npos
                       : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

// The last occurrence, in linear time: Knuth, Morris and Pratt, from the end.
std::size_t find_last(Arena& arena, std::string_view text, std::string_view wanted) {
  const std::size_t size = wanted.size();
  const auto from_end = [](std::string_view of, std::size_t i) { return of[of.size() - 1 - i]; };
  auto* const border = arena.allocate_array<std::uint32_t>(size);
  border[0] = 0;
  for (std::size_t i = 1, matched = 0; i < size; ++i) {
    while (matched > 0 && from_end(wanted, i) != from_end(wanted, matched)) {
      matched = border[matched - 1];
    }
    matched += from_end(wanted, i) == from_end(wanted, matched) ? 1 : 0;
    border[i] = static_cast<std::uint32_t>(matched);
  }
  for (std::size_t i = 0, matched = 0; i < text.size(); ++i) {
    while (matched > 0 && from_end(text, i) != from_end(wanted, matched)) {
      matched = border[matched - 1];
    }
    matched += from_end(text, i) == from_end(wanted, matched) ? 1 : 0;
    if (matched == size) {
      return text.size() - 1 - i;
    }
  }
  return std::string_view::npos;
}

Value index_of(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  const std::string_view wanted = args[1].text();
  const std::int64_t from = args.size() == 3 ? args[2].as_int() : 0;
  if (from < 0) {
    return out_of_range(context, from);
  }
  if (wanted.empty()) {
    return Value::integer(std::min(from, static_cast<std::int64_t>(code_points(text))));
  }
  const std::size_t offset = code_point_offset(text, static_cast<std::size_t>(from));
  const std::string_view rest = text.substr(offset);
  const std::size_t found = find_first(rest, wanted);
  return Value::integer(found == std::string_view::npos
                            ? -1
                            : from + static_cast<std::int64_t>(code_points(rest.substr(0, found))));
}

Value last_index_of(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  const std::string_view wanted = args[1].text();
  const auto size = static_cast<std::int64_t>(code_points(text));
  if (args.size() == 2 && wanted.empty()) {
    return Value::integer(size);
  }
  if (args.size() == 2 && text.size() < wanted.size()) {
    return Value::integer(-1);
  }
  const std::int64_t from = args.size() == 3 ? args[2].as_int() : size - 1;
  if (from < 0) {
    return out_of_range(context, from);
  }
  if (wanted.empty()) {
    return Value::integer(std::min(from, size));
  }
  if (from >= size) {
    return Value::integer(-1);
  }
  // An occurrence may begin at `from` and end behind it.
  const std::size_t begin_max = code_point_offset(text, static_cast<std::size_t>(from));
  const std::size_t found = find_last(
      context.arena, text.substr(0, std::min(begin_max + wanted.size(), text.size())), wanted);
  return Value::integer(found == std::string_view::npos
                            ? -1
                            : static_cast<std::int64_t>(code_points(text.substr(0, found))));
}

template <char kFirst, char kLast, int kShift>
Value shift_case(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  char* const shifted = context.arena.allocate_array<char>(text.size());
  std::ranges::transform(text, shifted, [](char c) {
    return c >= kFirst && c <= kLast ? static_cast<char>(c + kShift) : c;
  });
  return Value::string({shifted, text.size()});
}

// strings.Replace of Go: an empty text stands before every character and at the end.
Value replace_empty(EvalContext& context, std::string_view text, std::string_view with,
                    std::uint64_t count) {
  TextBuilder out(context.arena, text.size() + with.size());
  for (std::size_t i = 0; i < text.size() && !out.too_long();) {
    if (count == 0) {
      out.add(text.substr(i));
      return out.finish();
    }
    --count;
    const std::size_t size = utf8_size(text[i]);
    out.add(with);
    out.add(text.substr(i, size));
    i += size;
  }
  if (count != 0) {
    out.add(with);
  }
  return out.finish();
}

Value replace(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  const std::string_view old = args[1].text();
  const std::string_view with = args[2].text();
  const std::int64_t limit = args.size() == 4 ? args[3].as_int() : -1;
  std::uint64_t count = limit < 0 ? UINT64_MAX : static_cast<std::uint64_t>(limit);
  if (count == 0 || old == with) {
    return args[0];
  }
  if (old.empty()) {
    return replace_empty(context, text, with, count);
  }
  TextBuilder out(context.arena, text.size());
  std::size_t begin = 0;
  for (; count > 0 && !out.too_long(); --count) {
    const std::size_t found = find_first(text.substr(begin), old);
    if (found == std::string_view::npos) {
      break;
    }
    out.add(text.substr(begin, found));
    out.add(with);
    begin += found + old.size();
  }
  out.add(text.substr(begin));
  return out.finish();
}

// strings.SplitN of Go.
Value split(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  const std::string_view separator = args[1].text();
  const std::int64_t limit = args.size() == 3 ? args[2].as_int() : -1;
  ListBuilder parts(context.arena);
  if (limit == 0) {
    return parts.finish();
  }
  std::uint64_t room = limit < 0 ? UINT64_MAX : static_cast<std::uint64_t>(limit);
  std::size_t begin = 0;
  if (separator.empty()) {
    for (; begin < text.size() && room > 1; --room) {
      const std::size_t size = utf8_size(text[begin]);
      parts.add(Value::string(text.substr(begin, size)));
      begin += size;
    }
    if (begin < text.size()) {
      parts.add(Value::string(text.substr(begin)));
    }
    return parts.finish();
  }
  for (; room > 1; --room) {
    const std::size_t found = find_first(text.substr(begin), separator);
    if (found == std::string_view::npos) {
      break;
    }
    parts.add(Value::string(text.substr(begin, found)));
    begin += found + separator.size();
  }
  parts.add(Value::string(text.substr(begin)));
  return parts.finish();
}

Value substring(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  const std::int64_t begin = args[1].as_int();
  if (args.size() == 2) {
    if (!is_position(text, begin)) {
      return out_of_range(context, begin);
    }
    return Value::string(text.substr(code_point_offset(text, static_cast<std::size_t>(begin))));
  }
  const std::int64_t end = args[2].as_int();
  if (begin > end) {
    return invalid(context, {"invalid substring range. start: ", decimal(context.arena, begin),
                             ", end: ", decimal(context.arena, end)});
  }
  if (!is_position(text, begin)) {
    return out_of_range(context, begin);
  }
  if (!is_position(text, end)) {
    return out_of_range(context, end);
  }
  const std::size_t from = code_point_offset(text, static_cast<std::size_t>(begin));
  const std::size_t size =
      code_point_offset(text.substr(from), static_cast<std::size_t>(end - begin));
  return Value::string(text.substr(from, size));
}

// unicode.IsSpace of Go: bytes of the white space character that `text` begins with, or 0.
std::size_t leading_space(std::string_view text) {
  constexpr std::array<std::string_view, 19> kWide{"\u0085", "\u00a0", "\u1680", "\u2000", "\u2001",
                                                   "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
                                                   "\u2007", "\u2008", "\u2009", "\u200a", "\u2028",
                                                   "\u2029", "\u202f", "\u205f", "\u3000"};
  if (text.empty()) {
    return 0;
  }
  if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) {
    return 1;
  }
  for (const std::string_view space : kWide) {
    if (text.starts_with(space)) {
      return space.size();
    }
  }
  return 0;
}

Value trim_space(EvalContext& /*context*/, std::span<const Value> args) {
  std::string_view text = args[0].text();
  while (const std::size_t size = leading_space(text)) {
    text.remove_prefix(size);
  }
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80) {
      --last;
    }
    if (leading_space(text.substr(last)) == 0) {
      break;
    }
    text.remove_suffix(text.size() - last);
  }
  return Value::string(text);
}

Value join(EvalContext& context, std::span<const Value> args) {
  const std::string_view separator = args.size() == 2 ? args[1].text() : std::string_view{};
  const std::size_t size = list_size(args[0]);
  TextBuilder out(context.arena);
  for (std::size_t i = 0; i < size && !out.too_long(); ++i) {
    const Value item = list_at(context.arena, args[0], i);
    if (item.is_outcome()) {
      return item;
    }
    if (!item.is(ValueKind::String)) {
      return invalid(context, {"join: invalid input: ", plain_text(context.arena, item)});
    }
    if (i != 0) {
      out.add(separator);
    }
    out.add(item.text());
  }
  return out.finish();
}

// A text in double quotes, with the escapes of CEL.
Value quote(EvalContext& context, std::span<const Value> args) {
  constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  TextBuilder out(context.arena, args[0].text().size() + 2);
  out.add('"');
  for (const char c : args[0].text()) {
    if (const std::size_t which = kEscaped.find(c); which != std::string_view::npos) {
      out.add('\\');
      out.add(kLetters[which]);
    } else {
      out.add(c);
    }
  }
  out.add('"');
  return out.finish();
}

Value reverse(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  char* const reversed = context.arena.allocate_array<char>(text.size());
  std::size_t to = text.size();
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t size = utf8_size(text[from]);
    to -= size;
    std::memcpy(reversed + to, text.data() + from, size);
    from += size;
  }
  return Value::string({reversed, text.size()});
}

Value format_in_locale(EvalContext& context, std::span<const Value> args) {
  return format_string(context, args[0].text(), args[1], FormatRules::Locale);
}

Value format_as_specified(EvalContext& context, std::span<const Value> args) {
  return format_string(context, args[0].text(), args[1], FormatRules::Specified);
}

constexpr auto kCharAt = std::to_array<Overload>({
    {.id = "string_char_at_int",
     .signature = "(string, int) -> string",
     .apply = char_at,
     .member = true},
});
constexpr auto kIndexOf = std::to_array<Overload>({
    {.id = "string_index_of_string",
     .signature = "(string, string) -> int",
     .apply = index_of,
     .member = true},
    {.id = "string_index_of_string_int",
     .signature = "(string, string, int) -> int",
     .apply = index_of,
     .member = true},
});
constexpr auto kLastIndexOf = std::to_array<Overload>({
    {.id = "string_last_index_of_string",
     .signature = "(string, string) -> int",
     .apply = last_index_of,
     .member = true},
    {.id = "string_last_index_of_string_int",
     .signature = "(string, string, int) -> int",
     .apply = last_index_of,
     .member = true},
});
constexpr auto kLowerAscii = std::to_array<Overload>({
    {.id = "string_lower_ascii",
     .signature = "(string) -> string",
     .apply = shift_case<'A', 'Z', 'a' - 'A'>,
     .member = true,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kUpperAscii = std::to_array<Overload>({
    {.id = "string_upper_ascii",
     .signature = "(string) -> string",
     .apply = shift_case<'a', 'z', 'A' - 'a'>,
     .member = true,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kReplace = std::to_array<Overload>({
    {.id = "string_replace_string_string",
     .signature = "(string, string, string) -> string",
     .apply = replace,
     .member = true},
    {.id = "string_replace_string_string_int",
     .signature = "(string, string, string, int) -> string",
     .apply = replace,
     .member = true},
});
constexpr auto kSplit = std::to_array<Overload>({
    {.id = "string_split_string",
     .signature = "(string, string) -> list(string)",
     .apply = split,
     .member = true},
    {.id = "string_split_string_int",
     .signature = "(string, string, int) -> list(string)",
     .apply = split,
     .member = true},
});
constexpr auto kSubstring = std::to_array<Overload>({
    {.id = "string_substring_int",
     .signature = "(string, int) -> string",
     .apply = substring,
     .member = true,
     .cost = CostRule::TraverseFirst},
    {.id = "string_substring_int_int",
     .signature = "(string, int, int) -> string",
     .apply = substring,
     .member = true,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kTrim = std::to_array<Overload>({
    {.id = "string_trim",
     .signature = "(string) -> string",
     .apply = trim_space,
     .member = true,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kJoin = std::to_array<Overload>({
    {.id = "list_join", .signature = "(list(string)) -> string", .apply = join, .member = true},
    {.id = "list_join_string",
     .signature = "(list(string), string) -> string",
     .apply = join,
     .member = true},
});
constexpr auto kQuote = std::to_array<Overload>({
    {.id = "strings_quote",
     .signature = "(string) -> string",
     .apply = quote,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kReverse = std::to_array<Overload>({
    {.id = "string_reverse", .signature = "(string) -> string", .apply = reverse, .member = true},
});
constexpr auto kFormatInLocale = std::to_array<Overload>({
    {.id = "string_format",
     .signature = "(string, list(dyn)) -> string",
     .apply = format_in_locale,
     .member = true,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kFormatAsSpecified = std::to_array<Overload>({
    {.id = "string_format",
     .signature = "(string, list(dyn)) -> string",
     .apply = format_as_specified,
     .member = true,
     .cost = CostRule::TraverseFirst},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "charAt",
     .library = Library::Strings,
     .overloads = kCharAt,
     .summary = "The character at a position, as a string; empty at the end.\n"
                "'hello'.charAt(4) == 'o'"},
    {.name = "indexOf",
     .library = Library::Strings,
     .overloads = kIndexOf,
     .summary = "The position of the first occurrence of a string, at or behind a given position; "
                "-1 if there is none.\n'hello mellow'.indexOf('ello', 2) == 7"},
    {.name = "lastIndexOf",
     .library = Library::Strings,
     .overloads = kLastIndexOf,
     .summary =
         "The position of the last occurrence of a string, at or before a given position; -1 "
         "if there is none.\n'hello mellow'.lastIndexOf('ello') == 7"},
    {.name = "lowerAscii",
     .library = Library::Strings,
     .overloads = kLowerAscii,
     .summary = "Turns the letters A to Z into lower case, nothing else.\n"
                "'TacoCat'.lowerAscii() == 'tacocat'"},
    {.name = "upperAscii",
     .library = Library::Strings,
     .overloads = kUpperAscii,
     .summary = "Turns the letters a to z into upper case, nothing else.\n"
                "'TacoCat'.upperAscii() == 'TACOCAT'"},
    {.name = "replace",
     .library = Library::Strings,
     .overloads = kReplace,
     .summary = "Replaces every occurrence of a string, or the first N of them.\n"
                "'hello hello'.replace('he', 'we', 1) == 'wello hello'"},
    {.name = "split",
     .library = Library::Strings,
     .overloads = kSplit,
     .summary = "The parts between the occurrences of a separator, at most N of them.\n"
                "'a-b-c'.split('-', 2) == ['a', 'b-c']"},
    {.name = "substring",
     .library = Library::Strings,
     .overloads = kSubstring,
     .summary = "The characters from a position on, up to and without another.\n"
                "'tacocat'.substring(0, 4) == 'taco'"},
    {.name = "trim",
     .library = Library::Strings,
     .overloads = kTrim,
     .summary = "Removes white space at both ends.\n'  \\ttrim\\n '.trim() == 'trim'"},
    {.name = "join",
     .library = Library::Strings,
     .overloads = kJoin,
     .summary = "One string of the strings of a list, with a separator between them.\n"
                "['hello', 'world'].join(' ') == 'hello world'"},
    {.name = "format",
     .library = Library::Strings,
     .library_version = 1,
     .overloads = kFormatInLocale,
     .summary = "Fills the values of a list into a text with clauses such as %s, %d and %.2f; "
                "numbers with a point are printed as in US English.\n"
                "'%s has %d pods'.format(['web', 3]) == 'web has 3 pods'"},
    {.name = "format",
     .library = Library::Strings,
     .library_version = 4,
     .overloads = kFormatAsSpecified,
     .summary = "Fills the values of a list into a text with clauses such as %s, %d and %.2f.\n"
                "'%s has %d pods'.format(['web', 3]) == 'web has 3 pods'"},
    {.name = "strings.quote",
     .library = Library::Strings,
     .library_version = 1,
     .overloads = kQuote,
     .summary = "The string as a double-quoted CEL literal.\n"
                "strings.quote('a\"b') == '\"a\\\\\"b\"'"},
    {.name = "reverse",
     .library = Library::Strings,
     .library_version = 3,
     .overloads = kReverse,
     .summary = "The characters of a string in reverse order.\n'gums'.reverse() == 'smug'"},
});

}  // namespace

std::span<const Function> string_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
