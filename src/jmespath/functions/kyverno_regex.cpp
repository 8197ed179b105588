// Kyverno's functions over patterns: regular expressions (Go's regexp, ours is RE2) and wildcards.
#include <array>
#include <vector>

#include "base/text.hpp"
#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/numbers.hpp"
#include "jmespath/internal/regex.hpp"
#include "jmespath/internal/runes.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

// ifaceToString of functions.go: numbers as float32 in full.
std::string text_of(const Node& node) {
  return node.is_number() ? std::string(float32_text(number_of(node)).text())
                          : std::string(node.text());
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

bool apply_regex_match(Call& call, Arguments arguments, Node& out) {
  const re2::RE2& pattern = cached_regex(arguments[0].text());
  if (!pattern.ok()) {
    return call.fail(regex_error(pattern));
  }
  const std::string text = text_of(arguments[1]);
  return call.charge_steps(text.size()) &&
         call.give_bool(re2::RE2::PartialMatch(piece(text), pattern), out);
}

bool apply_pattern_match(Call& call, Arguments arguments, Node& out) {
  const std::string_view pattern = arguments[0].text();
  const std::string text = text_of(arguments[1]);
  return call.charge_steps((text.size() + 1) *
                           (pattern.find('*') == pattern.npos ? std::size_t{1} : pattern.size())) &&
         call.give_bool(wildcard_match(pattern, text), out);
}

enum class Template : bool { Literal, Expanded };

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Regexp.Expand (https://pkg.go.dev/regexp#Regexp.Expand): $1, ${1}, $name, ${name}, $$. What names
// no group is empty; a `$` that starts none of these stands for itself.
void append_expanded(std::string& out, std::string_view text, const re2::RE2& pattern,
                     std::span<const re2::StringPiece> groups) {
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) {
      return;
    }
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const bool braced = text.starts_with('{');
    std::size_t end = braced ? 1 : 0;
    while (end < text.size() && is_name_character(text[end])) {
      ++end;
    }
    const std::string_view name = text.substr(braced ? 1 : 0, end - (braced ? 1 : 0));
    if (name.empty() || (braced && (end == text.size() || text[end] != '}'))) {
      out += '$';
      continue;
    }
    text.remove_prefix(end + (braced ? 1 : 0));
    std::size_t group = groups.size();
    if (name.find_first_not_of("0123456789") == std::string_view::npos && name.size() < 9 &&
        (name.size() == 1 || name[0] != '0')) {
      group = static_cast<std::size_t>(std::stoul(std::string(name)));
    } else {
      const auto& names = pattern.NamedCapturingGroups();
      const auto found = names.find(std::string(name));
      group = found == names.end() ? groups.size() : static_cast<std::size_t>(found->second);
    }
    if (group < groups.size()) {
      out.append(groups[group].data() == nullptr ? "" : groups[group].data(), groups[group].size());
    }
  }
}

// Regexp.replaceAll: an empty match right behind another match is not replaced.
bool replace_all(Call& call, std::string_view function, Arguments arguments, Template kind,
                 Node& out) {
  const re2::RE2& pattern = cached_regex(arguments[0].text());
  if (!pattern.ok()) {
    return call.fail_function(function, regex_error(pattern));
  }
  const std::string text = text_of(arguments[1]);
  const std::string with = text_of(arguments[2]);
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(pattern.NumberOfCapturingGroups()) +
                                       1);
  std::string replaced;
  std::size_t done = 0;
  for (std::size_t from = 0; from <= text.size();) {
    if (!call.charge_steps(groups.size() + (text.size() - from) / 16)) {
      return false;
    }
    if (!pattern.Match(piece(text), from, text.size(), re2::RE2::UNANCHORED, groups.data(),
                       static_cast<int>(groups.size()))) {
      break;
    }
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[0].size();
    replaced += std::string_view(text).substr(done, begin - done);
    if (end > done || begin == 0) {
      const std::size_t before = replaced.size();
      if (kind == Template::Literal) {
        replaced += with;
      } else {
        append_expanded(replaced, with, pattern, groups);
      }
      if (!call.charge_bytes(replaced.size() - before)) {
        return false;
      }
    }
    done = end;
    const std::size_t width = from < text.size() ? rune_at(text, from).size : 0;
    from = from + width > end ? from + width : from + 1 > end ? from + 1 : end;
  }
  replaced += std::string_view(text).substr(done);
  return call.give_text(replaced, out);
}

bool apply_regex_replace_all(Call& call, Arguments arguments, Node& out) {
  return replace_all(call, "regex_replace_all", arguments, Template::Expanded, out);
}
bool apply_regex_replace_all_literal(Call& call, Arguments arguments, Node& out) {
  return replace_all(call, "regex_replace_all_literal", arguments, Template::Literal, out);
}

constexpr auto kTextOrNumber = static_cast<Accepts>(kString | kNumber);
constexpr std::array kMatch{kString, kTextOrNumber};
constexpr std::array kReplace{kString, kTextOrNumber, kTextOrNumber};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "pattern_match",
     .parameters = kMatch,
     .returns = kBoolean,
     .apply = apply_pattern_match,
     .summary = "Whether a wildcard pattern matches the whole text: `*` is any run, `?` one "
                "character.",
     .example = "pattern_match('prefix-*', 'prefix-test')"},
    {.name = "regex_match",
     .parameters = kMatch,
     .returns = kBoolean,
     .apply = apply_regex_match,
     .summary = "Whether a regular expression is found in the text.",
     .example = "regex_match('^[0-9]+$', '123')"},
    {.name = "regex_replace_all",
     .parameters = kReplace,
     .returns = kString,
     .apply = apply_regex_replace_all,
     .summary = "The second argument with all matches replaced by the third, in which `$1` and "
                "`${name}` stand for groups.",
     .example = "regex_replace_all('([a-z])-([a-z])', 'a-b', '$2-$1') == 'b-a'"},
    {.name = "regex_replace_all_literal",
     .parameters = kReplace,
     .returns = kString,
     .apply = apply_regex_replace_all_literal,
     .summary = "The second argument with all matches replaced by the third as it stands.",
     .example = "regex_replace_all_literal('[0-9]+', 'a1b22', '$') == 'a$b$'"},
});

}  // namespace

std::span<const Function> kyverno_regex_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
