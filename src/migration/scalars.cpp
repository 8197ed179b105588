// One value against one pattern that is no tree (pattern/scalar_pattern.hpp has the grammar). What
// a text means depends on the type of the field: the schema says whether "1000" is held against a
// number, a quantity or a text.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "migration/internal/patterns.hpp"
#include "scalar/quantity.hpp"
#include "scalar/time_text.hpp"

namespace tally::migration {

using document::Node;
using document::NodeKind;
using policy_cel::PlaceKind;

namespace {

struct Bound {
  std::string_view op;  // "==", "!=", ">", ...
  std::string_view text;
};

Bound read_bound(std::string_view term) {
  struct Sign {
    std::string_view written;
    std::string_view op;
  };
  constexpr std::array<Sign, 5> kSigns{
      {{">=", ">="}, {"<=", "<="}, {">", ">"}, {"<", "<"}, {"!", "!="}}};
  for (const Sign& sign : kSigns) {
    if (term.starts_with(sign.written)) {
      return {.op = sign.op, .text = trim(term.substr(sign.written.size()))};
    }
  }
  return {.op = "==", .text = term};
}

bool is_quantity(std::string_view text) { return scalar::Quantity::try_parse(text).has_value(); }

bool is_integer(std::string_view text) {
  text.remove_prefix(text.starts_with('-') ? 1 : 0);
  return !text.empty() && text.size() < 16 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Cel compared_as_quantity(std::string_view value, const Bound& bound, bool is_text) {
  const std::string text = is_text ? std::string(value) : fmt::format("string({})", value);
  const Cel parsed = primary(fmt::format("isQuantity({})", text));
  const Cel holds = related(
      fmt::format("quantity({}).compareTo(quantity({}))", text, quoted(bound.text)), bound.op, "0");
  return bound.op == "!=" ? either(negated(parsed), holds) : both(parsed, holds);
}

Outcome<Cel> one_bound(const Node& pattern, const Bound& bound, const Place& value) {
  const bool is_order = bound.op != "==" && bound.op != "!=";
  const bool means_quantity = is_quantity(bound.text);
  if (!means_quantity && scalar::parse_duration(bound.text)) {
    return refuse(fmt::format("the pattern {} is held against durations", quoted(bound.text)),
                  pattern);
  }
  const PlaceKind kind = value.kind();
  if (kind == PlaceKind::Struct || kind == PlaceKind::Map) {
    return always(false);
  }
  if (means_quantity && kind == PlaceKind::Number) {
    if (!is_integer(bound.text)) {
      return refuse(fmt::format("the quantity {} is held against a number", quoted(bound.text)),
                    pattern);
    }
    return related(value.cel, bound.op, bound.text);
  }
  if (means_quantity && kind != PlaceKind::Bool) {
    return compared_as_quantity(value.cel, bound, kind == PlaceKind::Text);
  }
  if (is_order) {
    return always(false);
  }
  const bool is_negated = bound.op == "!=";
  Cel holds;
  if (kind == PlaceKind::Bool) {
    const bool of_true = wildcard_match(bound.text, "true");
    const bool of_false = wildcard_match(bound.text, "false");
    holds = of_true == of_false ? always(of_true)
                                : related(value.cel, "==", of_true ? "true" : "false");
  } else if (kind == PlaceKind::Number) {
    if (bound.text.find_first_not_of("*") != std::string_view::npos && bound.text != "?*" &&
        bound.text != "*?" && bound.text.find_first_of("*?") != std::string_view::npos) {
      return refuse(fmt::format("the wildcards {} are held against a number", quoted(bound.text)),
                    pattern);
    }
    holds = always(bound.text.find_first_of("*?") != std::string_view::npos);
  } else {
    const bool is_text = kind == PlaceKind::Text;
    const bool is_plain = bound.text.find_first_of("*?") == std::string_view::npos;
    const bool is_bool_text = bound.text == "true" || bound.text == "false";
    const bool converts = !is_text && (is_plain ? is_bool_text : bound.text != "?*");
    holds = alike(converts ? fmt::format("string({})", value.cel) : value.cel, bound.text);
  }
  return is_negated ? negated(holds) : holds;
}

// "10Mi-1Gi", "5!-7"
std::optional<std::pair<std::string_view, std::string_view>> split_range(std::string_view term,
                                                                         bool& is_outside) {
  for (std::size_t at = term.find('-', 1); at != std::string_view::npos;
       at = term.find('-', at + 1)) {
    is_outside = term[at - 1] == '!';
    const std::string_view low = term.substr(0, at - (is_outside ? 1 : 0));
    const std::string_view high = term.substr(at + 1);
    if (is_quantity(low) && is_quantity(high)) {
      return std::pair{low, high};
    }
  }
  return std::nullopt;
}

Outcome<Cel> one_term(const Node& pattern, std::string_view term, const Place& value) {
  bool is_outside = false;
  if (const auto range = split_range(term, is_outside)) {
    auto low = one_bound(pattern, {.op = is_outside ? "<" : ">=", .text = range->first}, value);
    auto high = one_bound(pattern, {.op = is_outside ? ">" : "<=", .text = range->second}, value);
    if (!low || !high) {
      return low ? high : low;
    }
    return is_outside ? either(*low, *high) : both(*low, *high);
  }
  return one_bound(pattern, read_bound(term), value);
}

template <class Visit>
void split(std::string_view text, char separator, Visit visit) {
  while (true) {
    const std::size_t at = std::min(text.find(separator), text.size());
    visit(trim(text.substr(0, at)));
    if (at == text.size()) {
      return;
    }
    text.remove_prefix(at + 1);
  }
}

Outcome<Cel> text_pattern(const Node& pattern, const Place& value) {
  if (pattern.text().find("{{") != std::string_view::npos) {
    return refuse("a pattern with variables", pattern);
  }
  Cel out = always(false);
  std::vector<std::string_view> plain;  // `a | b` of texts is one membership
  std::optional<Refusal> refused;
  split(pattern.text(), '|', [&](std::string_view alternative) {
    Cel all = always(true);
    std::size_t terms = 0;
    split(alternative, '&', [&](std::string_view term) {
      auto holds = one_term(pattern, term, value);
      if (!holds) {
        refused = holds.error();
        return;
      }
      all = both(all, *holds);
      ++terms;
    });
    const std::string equation = fmt::format("{} == {}", value.cel, quoted(alternative));
    if (terms == 1 && all.text == equation) {
      plain.push_back(alternative);
    } else {
      out = either(out, all);
    }
  });
  if (refused) {
    return std::unexpected(*refused);
  }
  if (plain.size() == 1) {
    return either(related(value.cel, "==", quoted(plain[0])), out);
  }
  if (!plain.empty()) {
    std::string list;
    for (const std::string_view text : plain) {
      list += (list.empty() ? "" : ", ") + quoted(text);
    }
    return either(related(value.cel, "in", fmt::format("[{}]", list)), out);
  }
  return out;
}

}  // namespace

Outcome<Cel> translate_scalar(const Node& pattern, const Place& value) {
  switch (pattern.kind()) {
    case NodeKind::Null:
      return either(either(related(value.cel, "==", "null"), related(value.cel, "==", "false")),
                    either(related(value.cel, "==", "0"), related(value.cel, "==", "''")));
    case NodeKind::Bool:
      return related(value.cel, "==", pattern.boolean() ? "true" : "false");
    case NodeKind::Number: {
      if (!is_integer(pattern.text())) {
        return refuse("a pattern that is a number with a fraction", pattern);
      }
      const Cel number = related(value.cel, "==", pattern.text());
      return value.kind() == PlaceKind::Number
                 ? number
                 : either(number, related(value.cel, "==", quoted(pattern.text())));
    }
    case NodeKind::String:
      return text_pattern(pattern, value);
    case NodeKind::Object:
      return always(true);
    case NodeKind::Array:
      break;
  }
  return always(false);
}

}  // namespace tally::migration
