// Functions of the specification over texts, and those over texts and lists alike.
#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/runes.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

bool apply_starts_with(Call& call, Arguments arguments, Node& out) {
  return call.give_bool(arguments[0].text().starts_with(arguments[1].text()), out);
}
bool apply_ends_with(Call& call, Arguments arguments, Node& out) {
  return call.give_bool(arguments[0].text().ends_with(arguments[1].text()), out);
}

// `item == el` of Go: maps and lists cannot be compared so, which is a panic when both are of one
// type. The specification compares them.
bool apply_contains(Call& call, Arguments arguments, Node& out) {
  const Node& where = arguments[0];
  const Node& what = arguments[1];
  if (is_string(where)) {
    return call.charge_steps(where.text().size()) &&
           call.give_bool(
               is_string(what) && where.text().find(what.text()) != std::string_view::npos, out);
  }
  std::uint64_t steps = 0;
  bool found = false;
  for (const Node& item : where.items()) {
    if (call.is_kyverno() && (what.is_array() || what.is_object()) &&
        type_of(item) == type_of(what)) {
      return call.fail("runtime error: comparing uncomparable type " +
                       std::string(what.is_array() ? "[]interface {}" : "map[string]interface {}"));
    }
    found = deep_equal(item, what, steps);
    if (found) {
      break;
    }
  }
  return call.charge_steps(steps) && call.give_bool(found, out);
}

bool apply_length(Call& call, Arguments arguments, Node& out) {
  const Node& argument = arguments[0];
  if (!is_string(argument)) {
    return call.give_number(static_cast<double>(argument.size()), out);
  }
  return call.charge_steps(argument.text().size()) &&
         call.give_number(static_cast<double>(count_runes(argument.text())), out);
}

bool apply_reverse(Call& call, Arguments arguments, Node& out) {
  const Node& argument = arguments[0];
  if (!is_string(argument)) {
    std::vector<Node> items(argument.items().begin(), argument.items().end());
    std::ranges::reverse(items);
    return call.charge_steps(items.size()) && call.give_list(items, out);
  }
  const std::string_view text = argument.text();
  std::vector<char32_t> runes;
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    runes.push_back(rune.code);
    at += rune.size;
  }
  std::string reversed;
  for (auto rune = runes.rbegin(); rune != runes.rend(); ++rune) {
    append_utf8(reversed, *rune);
  }
  return call.charge_steps(text.size()) && call.give_text(reversed, out);
}

bool apply_join(Call& call, Arguments arguments, Node& out) {
  const std::string_view separator = arguments[0].text();
  std::uint64_t bytes = 0;
  for (const Node& item : arguments[1].items()) {
    bytes += item.text().size() + separator.size();
  }
  if (!call.charge_bytes(bytes)) {
    return false;
  }
  std::string joined;
  joined.reserve(bytes);
  for (std::size_t i = 0; i < arguments[1].size(); ++i) {
    joined += i == 0 ? std::string_view{} : separator;
    joined += arguments[1].items()[i].text();
  }
  return call.give_own_text(call.arena().copy(joined), out);
}

constexpr std::array kTwoTexts{kString, kString};
constexpr std::array kContains{static_cast<Accepts>(kArray | kString), kAnyValue};
constexpr std::array kLength{static_cast<Accepts>(kString | kArray | kObject | kReversed)};
constexpr std::array kReverse{static_cast<Accepts>(kArray | kString)};
constexpr std::array kJoin{kString, kStrings};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "contains",
     .origin = Origin::Standard,
     .parameters = kContains,
     .returns = kBoolean,
     .apply = apply_contains,
     .summary = "Whether a list holds a value, or a text another text.",
     .example = "contains('kyverno', 'ver')"},
    {.name = "ends_with",
     .origin = Origin::Standard,
     .parameters = kTwoTexts,
     .returns = kBoolean,
     .apply = apply_ends_with,
     .summary = "Whether the first text ends with the second.",
     .example = "ends_with('nginx:latest', ':latest')"},
    {.name = "join",
     .origin = Origin::Standard,
     .parameters = kJoin,
     .returns = kString,
     .apply = apply_join,
     .summary = "The texts of a list, with a separator between them.",
     .example = "join('-', ['a', 'b']) == 'a-b'"},
    {.name = "length",
     .origin = Origin::Standard,
     .parameters = kLength,
     .returns = kNumber,
     .apply = apply_length,
     .summary = "The number of characters, elements or keys.",
     .example = "length('abc') == `3`"},
    {.name = "reverse",
     .origin = Origin::Standard,
     .parameters = kReverse,
     .apply = apply_reverse,
     .summary = "A text or a list from its end.",
     .example = "reverse('abc') == 'cba'"},
    {.name = "starts_with",
     .origin = Origin::Standard,
     .parameters = kTwoTexts,
     .returns = kBoolean,
     .apply = apply_starts_with,
     .summary = "Whether the first text begins with the second.",
     .example = "starts_with('docker.io/nginx', 'docker.io/')"},
});

}  // namespace

std::span<const Function> text_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
