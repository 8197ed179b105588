// Calls of functions of JMESPath.
#include <fmt/format.h>

#include <algorithm>

#include "document/json_writer.hpp"
#include "migration/internal/expression_parts.hpp"

namespace tally::migration {

using document::Node;

Outcome<Term> ExpressionTranslator::call(const Jmes& jmes) {
  const std::string& name = jmes.name;
  const auto argument = [&](std::size_t i) -> Outcome<Term> {
    return i < jmes.of.size() ? value(jmes.of[i])
                              : refused(fmt::format("{}() with so few arguments", name));
  };
  // '{{ x }}' is put in before anything is asked: it does not see the element at hand.
  const std::optional<Term> current = current_;
  if (jmes.number == 1) {
    current_.reset();
  }
  auto first = argument(0);
  current_ = current;
  if (!first) {
    return first;
  }
  const auto as_text = [](const Term& term) {
    return term.kind == PlaceKind::Text ? term.text() : fmt::format("string({})", term.cel.text);
  };
  if (name == "length") {
    return made(primary(fmt::format("size({})", first->cel.text)), PlaceKind::Number);
  }
  if (name == "to_string") {
    return made(primary(as_text(*first)), PlaceKind::Text);
  }
  if (name == "to_upper" || name == "to_lower") {
    return made(primary(fmt::format("{}.{}()", as_text(*first),
                                    name == "to_upper" ? "upperAscii" : "lowerAscii")),
                PlaceKind::Text);
  }
  if (name == "keys" || name == "values") {
    const std::string key = scope_.names.open("key");
    scope_.names.close();
    return made(
        primary(fmt::format("{}.map({}, {})", first->text(), key,
                            name == "keys" ? key : fmt::format("{}[{}]", first->text(), key))),
        PlaceKind::List);
  }
  if (name == "to_array") {
    if (is_projection(jmes.of[0])) {
      return list_of(jmes.of[0], Absence::IsOptional);
    }
    return first->kind == PlaceKind::List ? first : refused("to_array() of no list");
  }
  auto second = argument(1);
  if (!second) {
    return second;
  }
  if (name == "contains") {
    const Jmes* map = argument_of(jmes.of[0], "keys");
    const bool is_literal =
        jmes.of[1].kind == Jmes::Kind::Literal && jmes.of[1].literal.is_string();
    if (map != nullptr && is_literal) {
      auto of = value(*map);
      if (!of) {
        return of;
      }
      Term below = below_term(*of, jmes.of[1].literal.text());
      scope_.reads.add(below.path, {"\"x\"", "{}"});
      return made(has(of->text(), jmes.of[1].literal.text()), PlaceKind::Bool);
    }
    if (is_literal) {
      scope_.reads.add(first->path, jmes.of[1].literal);
      std::string json;
      document::append_json_string(json, jmes.of[1].literal.text());
      scope_.reads.add(first->path, {json});
      if (first->kind == PlaceKind::List && !first->path.empty()) {
        Path items = first->path;
        items.emplace_back(kEveryElement);
        scope_.reads.add(items, {json});
      }
    }
    return first->kind == PlaceKind::List
               ? made(related(second->text(), "in", in(first->cel, Binding::Sum)), PlaceKind::Bool)
               : made(primary(fmt::format("{}.contains({})", first->text(), second->cel.text)),
                      PlaceKind::Bool);
  }
  if (name == "starts_with" || name == "ends_with") {
    if (jmes.of[1].kind == Jmes::Kind::Literal) {
      scope_.reads.add(first->path, jmes.of[1].literal);
    }
    return made(
        primary(fmt::format("{}.{}({})", first->text(),
                            name == "starts_with" ? "startsWith" : "endsWith", second->cel.text)),
        PlaceKind::Bool);
  }
  if (name == "split") {
    return made(primary(fmt::format("{}.split({})", first->text(), second->cel.text)),
                PlaceKind::List);
  }
  if (name == "join" && second->kind == PlaceKind::List) {
    return made(primary(fmt::format("{}.join({})", second->text(), first->cel.text)),
                PlaceKind::Text);
  }
  if (name == "regex_match" && jmes.of[0].kind == Jmes::Kind::Literal) {
    scope_.reads.add(second->path, jmes.of[0].literal);
    return made(primary(fmt::format("{}.matches({})", as_text(*second), first->cel.text)),
                PlaceKind::Bool);
  }
  return refused(fmt::format("the function {}()", name));
}

}  // namespace tally::migration
