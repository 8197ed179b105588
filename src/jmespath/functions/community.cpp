// Functions that the assertion trees of kyverno-json have and Kyverno's variables have not:
// pkg/functions of github.com/jmespath-community/go-jmespath, pkg/engine/template/functions of
// kyverno-json v0.0.4. Where upstream panics (at() outside of the list, find_first() with `start`
// behind `end`), ours is an error or null.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "base/text.hpp"
#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/numbers.hpp"
#include "jmespath/internal/runes.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

// util.ToInteger
std::optional<std::int64_t> whole(const Node& node) {
  const double value = number_of(node);
  constexpr double kMost = 9e15;
  return std::floor(value) == value && std::abs(value) <= kMost
             ? std::optional(static_cast<std::int64_t>(value))
             : std::nullopt;
}

bool fail_integer(Call& call, std::string_view function, std::string_view argument) {
  return call.fail(
      fmt::format("invalid value, the function '{}' expects its '{}' argument to be an integer.",
                  function, argument));
}

enum class Side : std::uint8_t { Left, Right };

bool find(Call& call, std::string_view function, Arguments arguments, Side from, Node& out) {
  const std::string_view subject = arguments[0].text();
  const std::string_view what = arguments[1].text();
  out = Node{};
  if (subject.empty() || what.empty()) {
    return true;
  }
  const auto size = static_cast<std::int64_t>(subject.size());
  std::int64_t start = 0;
  std::int64_t end = size;
  if (arguments.size() > 2) {
    const auto number = whole(arguments[2]);
    if (!number) {
      return fail_integer(call, function, "start");
    }
    start = std::max<std::int64_t>(0, *number);
  }
  if (arguments.size() > 3) {
    const auto number = whole(arguments[3]);
    if (!number) {
      return fail_integer(call, function, "end");
    }
    end = std::min(*number, size);
  }
  if (start >= end) {
    return true;
  }
  const std::string_view part =
      subject.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start));
  const std::size_t at = from == Side::Left ? part.find(what) : part.rfind(what);
  return call.charge_steps(subject.size()) &&
         (at == std::string_view::npos ||
          call.give_number(static_cast<double>(start) + static_cast<double>(at), out));
}

bool apply_find_first(Call& call, Arguments arguments, Node& out) {
  return find(call, "find_first", arguments, Side::Left, out);
}
bool apply_find_last(Call& call, Arguments arguments, Node& out) {
  return find(call, "find_last", arguments, Side::Right, out);
}

bool pad(Call& call, std::string_view function, Arguments arguments, Side at, Node& out) {
  const std::string_view text = arguments[0].text();
  const auto width = whole(arguments[1]);
  if (!width || *width < 0) {
    return call.fail(
        fmt::format("invalid value, the function '{}' expects its 'width' argument to "
                    "be a an integer value greater than or equal to zero.",
                    function));
  }
  const std::string_view with = arguments.size() > 2 ? arguments[2].text() : " ";
  if (with.size() > 1) {
    return call.fail(fmt::format(
        "invalid value, the function '{}' expects its 'pad' argument to be a string of length 1",
        function));
  }
  const auto size = static_cast<std::int64_t>(text.size());
  const std::size_t missing =
      with.empty() ? 0 : static_cast<std::size_t>(std::max<std::int64_t>(0, *width - size));
  if (!call.charge_bytes(missing + text.size())) {
    return false;
  }
  const std::string padding(missing, with.empty() ? ' ' : with[0]);
  return call.give_own_text(at == Side::Left ? call.arena().concat({padding, text})
                                             : call.arena().concat({text, padding}),
                            out);
}

bool apply_pad_left(Call& call, Arguments arguments, Node& out) {
  return pad(call, "pad_left", arguments, Side::Left, out);
}
bool apply_pad_right(Call& call, Arguments arguments, Node& out) {
  return pad(call, "pad_right", arguments, Side::Right, out);
}

// unicode.IsSpace
bool is_space(char32_t code) {
  return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

bool trim(Call& call, Arguments arguments, Side at, Node& out) {
  const std::string_view text = arguments[0].text();
  const std::string_view cutset = arguments.size() > 1 ? arguments[1].text() : "";
  if (!call.charge_steps(text.size() + cutset.size())) {
    return false;
  }
  const auto is_cut = [&](std::size_t from, std::size_t size) {
    return cutset.empty() ? is_space(rune_at(text, from).code)
                          : cutset.find(text.substr(from, size)) != std::string_view::npos;
  };
  std::size_t begin = 0;
  std::size_t end = text.size();
  if (at == Side::Left) {
    while (begin < end && is_cut(begin, rune_at(text, begin).size)) {
      begin += rune_at(text, begin).size;
    }
  } else {
    while (end > 0) {
      std::size_t last = end - 1;
      while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U) {
        --last;
      }
      if (!is_cut(last, end - last)) {
        break;
      }
      end = last;
    }
  }
  return call.give_own_text(text.substr(begin, end - begin), out);
}

bool apply_trim_left(Call& call, Arguments arguments, Node& out) {
  return trim(call, arguments, Side::Left, out);
}
bool apply_trim_right(Call& call, Arguments arguments, Node& out) {
  return trim(call, arguments, Side::Right, out);
}

bool apply_lower(Call& call, Arguments arguments, Node& out) {
  return find_function("to_lower", Dialect::KyvernoJson)->apply(call, arguments, out);
}
bool apply_upper(Call& call, Arguments arguments, Node& out) {
  return find_function("to_upper", Dialect::KyvernoJson)->apply(call, arguments, out);
}

bool apply_from_items(Call& call, Arguments arguments, Node& out) {
  std::vector<std::string_view> keys;
  std::vector<Node> values;
  std::map<std::string_view, std::size_t> known;
  for (const Node& pair : arguments[0].items()) {
    if (!pair.is_array()) {
      return call.fail("invalid type, first argument must be an array of arrays");
    }
    if (pair.size() != 2 || !is_string(pair.items()[0])) {
      return call.fail(
          "invalid value, each array must contain two elements, a pair of string and value");
    }
    const auto [place, is_new] = known.try_emplace(pair.items()[0].text(), keys.size());
    if (is_new) {
      keys.push_back(place->first);
      values.push_back(pair.items()[1]);
    } else {
      values[place->second] = pair.items()[1];
    }
  }
  return call.charge_steps(keys.size()) && call.give_object(values, keys, out);
}

bool apply_group_by(Call& call, Arguments arguments, Node& out) {
  out = Node{};
  std::vector<std::string_view> keys;
  std::vector<std::vector<Node>> groups;
  std::map<std::string_view, std::size_t> known;
  for (const Node& item : arguments[0].items()) {
    Node key;
    if (call.evaluate(arguments[1], item, key) == Outcome::Failed) {
      return false;
    }
    if (!is_string(key)) {
      return call.fail("invalid type, the expression must evaluate to a string");
    }
    const auto [place, is_new] = known.try_emplace(key.text(), keys.size());
    if (is_new) {
      keys.push_back(place->first);
      groups.emplace_back();
    }
    groups[place->second].push_back(item);
  }
  if (keys.empty()) {
    return true;
  }
  std::vector<Node> values(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!call.give_list(groups[i], values[i])) {
      return false;
    }
  }
  return call.give_object(values, keys, out);
}

bool apply_zip(Call& call, Arguments arguments, Node& out) {
  std::size_t count = std::numeric_limits<std::size_t>::max();
  for (const Node& list : arguments) {
    count = std::min(count, list.size());
  }
  std::vector<Node> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Node> row;
    for (const Node& list : arguments) {
      row.push_back(list.items()[i]);
    }
    if (!call.charge_steps(row.size()) || !call.give_list(row, rows[i])) {
      return false;
    }
  }
  return call.give_list(rows, out);
}

// Takes the index of a `~name.` loop: an integer of Go, no number.
bool apply_at(Call& call, Arguments arguments, Node& out) {
  if (type_of(arguments[1]) != Type::Integer) {
    return call.fail("invalid type, second argument must be an int");
  }
  const std::int64_t index = arguments[1].integer().value_or(-1);
  if (index < 0 || index >= static_cast<std::int64_t>(arguments[0].size())) {
    return call.fail(fmt::format("runtime error: index out of range [{}] with length {}", index,
                                 arguments[0].size()));
  }
  out = arguments[0].items()[static_cast<std::size_t>(index)];
  return true;
}

bool apply_concat(Call& call, Arguments arguments, Node& out) {
  const std::string_view left = arguments[0].text();
  const std::string_view right = arguments[1].text();
  return call.charge_bytes(left.size() + right.size()) &&
         call.give_own_text(call.arena().concat({left, right}), out);
}

bool apply_json_parse(Call& call, Arguments arguments, Node& out) {
  const std::string_view text = arguments[0].text();
  if (!call.charge_steps(text.size()) || !call.charge_bytes(text.size())) {
    return false;
  }
  const auto value =
      read_go_json(call.arena().copy(text), call.arena(), {.depth = call.limits().json_depth});
  if (!value) {
    return call.fail(value.error());
  }
  out = *value;
  return true;
}

bool apply_wildcard(Call& call, Arguments arguments, Node& out) {
  const std::string_view pattern = arguments[0].text();
  const std::string_view text = arguments[1].text();
  return call.charge_steps(pattern.size() * (text.size() + 1)) &&
         call.give_bool(wildcard_match(pattern, text), out);
}

constexpr std::array kText{kString};
constexpr std::array kTwoTexts{kString, kString};
constexpr std::array kFind{kString, kString, kNumber, kNumber};
constexpr std::array kPad{kString, kNumber, kString};
constexpr std::array kList{kArray};
constexpr std::array kListAndAny{kArray, kAnyValue};
constexpr std::array kListAndExpression{kArray, kExpression};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "at",
     .origin = Origin::KyvernoJson,
     .parameters = kListAndAny,
     .apply = apply_at,
     .summary = "The element at an index that a `~name.` loop counts.",
     .example = {}},
    {.name = "concat",
     .origin = Origin::KyvernoJson,
     .parameters = kTwoTexts,
     .returns = kString,
     .apply = apply_concat,
     .summary = "Two texts, one behind the other.",
     .example = "concat('a', 'b') == 'ab'"},
    {.name = "find_first",
     .origin = Origin::KyvernoJson,
     .parameters = kFind,
     .optional = 2,
     .returns = kNumber,
     .may_return_null = true,
     .apply = apply_find_first,
     .summary = "Where a text begins in another, between two places, in bytes.",
     .example = "find_first('subject', 'j') == `3`"},
    {.name = "find_last",
     .origin = Origin::KyvernoJson,
     .parameters = kFind,
     .optional = 2,
     .returns = kNumber,
     .may_return_null = true,
     .apply = apply_find_last,
     .summary = "Where a text begins last in another, between two places, in bytes.",
     .example = "find_last('banana', 'an') == `3`"},
    {.name = "from_items",
     .origin = Origin::KyvernoJson,
     .parameters = kList,
     .returns = kObject,
     .apply = apply_from_items,
     .summary = "The map of a list of pairs.",
     .example = "from_items([['a', 'b']]) == {a: 'b'}"},
    {.name = "group_by",
     .origin = Origin::KyvernoJson,
     .parameters = kListAndExpression,
     .returns = kObject,
     .may_return_null = true,
     .apply = apply_group_by,
     .summary = "The elements of a list by the text that an expression makes of each.",
     .example = "keys(group_by([{a: 'x'}, {a: 'x'}], &a)) == ['x']"},
    {.name = "json_parse",
     .origin = Origin::KyvernoJson,
     .parameters = kText,
     .apply = apply_json_parse,
     .summary = "The value of a JSON text.",
     .example = "json_parse('[1]') == `[1]`"},
    {.name = "lower",
     .origin = Origin::KyvernoJson,
     .parameters = kText,
     .returns = kString,
     .apply = apply_lower,
     .summary = "The text in small letters.",
     .example = "lower('ABC') == 'abc'"},
    {.name = "pad_left",
     .origin = Origin::KyvernoJson,
     .parameters = kPad,
     .optional = 1,
     .returns = kString,
     .apply = apply_pad_left,
     .summary = "The text, made so many bytes long at its left.",
     .example = "pad_left('7', `3`, '0') == '007'"},
    {.name = "pad_right",
     .origin = Origin::KyvernoJson,
     .parameters = kPad,
     .optional = 1,
     .returns = kString,
     .apply = apply_pad_right,
     .summary = "The text, made so many bytes long at its right.",
     .example = "pad_right('a', `2`) == 'a '"},
    {.name = "trim_left",
     .origin = Origin::KyvernoJson,
     .parameters = kTwoTexts,
     .optional = 1,
     .returns = kString,
     .apply = apply_trim_left,
     .summary = "The text without white space, or these characters, at its left.",
     .example = "trim_left(' a ') == 'a '"},
    {.name = "trim_right",
     .origin = Origin::KyvernoJson,
     .parameters = kTwoTexts,
     .optional = 1,
     .returns = kString,
     .apply = apply_trim_right,
     .summary = "The text without white space, or these characters, at its right.",
     .example = "trim_right('a/b//', '/') == 'a/b'"},
    {.name = "upper",
     .origin = Origin::KyvernoJson,
     .parameters = kText,
     .returns = kString,
     .apply = apply_upper,
     .summary = "The text in capital letters.",
     .example = "upper('abc') == 'ABC'"},
    {.name = "wildcard",
     .origin = Origin::KyvernoJson,
     .parameters = kTwoTexts,
     .returns = kBoolean,
     .apply = apply_wildcard,
     .summary = "Whether a pattern with `*` and `?` fits a text.",
     .example = "wildcard('nginx:*', 'nginx:1.27')"},
    {.name = "zip",
     .origin = Origin::KyvernoJson,
     .parameters = kList,
     .is_variadic = true,
     .returns = kArray,
     .apply = apply_zip,
     .summary = "The first elements of all lists, then the second ones, as far as all have some.",
     .example = "zip(['a', 'b'], ['c', 'd']) == [['a', 'c'], ['b', 'd']]"},
});

}  // namespace

std::span<const Function> community_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
