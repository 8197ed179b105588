// Lists: map(), filter() and flatten(), or all() and exists() where a condition is asked.
#include <fmt/format.h>

#include <algorithm>

#include "migration/internal/expression_parts.hpp"

namespace tally::migration {

Outcome<Term> ExpressionTranslator::list_of(const Jmes& jmes, Absence absence) {
  const bool is_below = jmes.kind != Jmes::Kind::Flatten && jmes.kind != Jmes::Kind::Each &&
                        jmes.kind != Jmes::Kind::Filter;
  const Jmes& of = jmes.of[0];
  if (jmes.kind == Jmes::Kind::Flatten && of.kind == Jmes::Kind::List && !is_projection(of)) {
    // spec.[containers, initContainers][]: one after the other, what is not there is left out.
    Term out;
    out.kind = PlaceKind::List;
    std::string sum;
    for (const Jmes& item : of.of) {
      if (&item == &of.of[0]) {
        continue;
      }
      if (item.kind != Jmes::Kind::Field || item.of[0].kind != Jmes::Kind::Current) {
        return refused("a list of expressions that are no fields");
      }
      auto base = path(of.of[0], Absence::IsError);
      if (!base) {
        return base;
      }
      auto one = field(*base, item.name, Absence::IsOptional);
      if (!one) {
        return one;
      }
      sum += fmt::format("{}{}.orValue([])", sum.empty() ? "" : " + ", one->text());
      out.type = one->type;
      out.path = one->path;
      out.kinds = one->kinds;
    }
    out.cel = {.text = sum, .binding = Binding::Sum};
    return out;
  }
  // The list below: a projection, or a value.
  Outcome<Term> base = is_projection(of) ? list_of(of, absence) : path(of, absence);
  if (!base) {
    return base;
  }
  if (base->is_optional) {
    base->cel = primary(fmt::format("{}.orValue([])", base->text()));
    base->is_optional = false;
  }
  base->kind = PlaceKind::List;
  if (!is_below && jmes.kind != Jmes::Kind::Filter) {
    if (jmes.kind == Jmes::Kind::Flatten && is_projection(of)) {
      base->cel = primary(base->text() + ".flatten()");
      base->type = base->type.element();
      base->kinds = {};
    }
    return base;
  }
  const std::string name = name_for(*base);
  Term element = term_of(element_of(
      {.cel = base->text(), .type = base->type, .path = base->path, .kinds = base->kinds}, name));
  Outcome<Term> out = *base;
  if (jmes.kind == Jmes::Kind::Filter) {
    // Of a projection, each element is a list of its own.
    const bool is_nested = is_projection(of);
    const std::string inner_name = is_nested ? name_for(*base) : name;
    const Term item = is_nested ? term_of(element_of({.cel = element.text(),
                                                      .type = element.type,
                                                      .path = element.path,
                                                      .kinds = element.kinds},
                                                     inner_name))
                                : element;
    auto holds = with_current(item, [&] { return truth(jmes.of[1]); });
    if (!holds) {
      out = std::unexpected(holds.error());
    } else if (is_nested) {
      out->cel = primary(fmt::format("{}.map({}, {})", base->text(), name,
                                     over(name, "filter", inner_name, *holds).text));
    } else {
      out->cel = over(base->text(), "filter", name, *holds);
    }
    if (is_nested) {
      scope_.names.close();
    }
  } else if (jmes.kind == Jmes::Kind::Field) {
    const Term inner = below_term(element, jmes.name);
    scope_.reads.add(inner.path);
    out->cel = primary(fmt::format("{}.map({}, {}, {})", base->text(), name,
                                   has(name, jmes.name).text, inner.cel.text));
    // Of these elements the type is kept by a list of none: the element's own.
    out->type = {};
    out->kinds = {};
    out->path = inner.path;
    out->kind = PlaceKind::List;
  } else if (jmes.kind == Jmes::Kind::Apply) {
    auto each = with_current(element, [&] { return value(jmes.of[1]); });
    if (each) {
      out->cel = primary(fmt::format("{}.map({}, {})", base->text(), name, each->cel.text));
      out->type = {};
      out->kinds = {};
    } else {
      out = each;
    }
  } else {
    out = refused("an index or a list of expressions in a projection");
  }
  scope_.names.close();
  return out;
}

Outcome<Term> ExpressionTranslator::list(const Jmes& jmes) {
  if (jmes.kind == Jmes::Kind::Or) {
    return alternative(jmes);
  }
  if (is_projection(jmes)) {
    return list_of(jmes, Absence::IsOptional);
  }
  auto out = path(jmes, Absence::IsOptional);
  if (out && out->is_optional) {
    // A field that is not there has no elements.
    out->cel = primary(fmt::format("{}.orValue([])", out->text()));
    out->is_optional = false;
  }
  return out;
}

Outcome<Cel> ExpressionTranslator::over_list(const Term& list, Quantifier quantifier,
                                             const Body& body) {
  const std::string name = name_for(list);
  Term element = term_of(element_of(
      {.cel = list.text(), .type = list.type, .path = list.path, .kinds = list.kinds}, name));
  auto inner = body(element);
  scope_.names.close();
  if (!inner) {
    return inner;
  }
  const bool is_all = quantifier == Quantifier::All;
  if (inner->is_true() && is_all) {
    return always(true);
  }
  return over(list.text(), is_all ? "all" : "exists", name, *inner);
}

// Whether there is a list at all: a projection of what is not there is null, which satisfies no
// condition.
Outcome<Cel> ExpressionTranslator::is_there(const Jmes& jmes) {
  if (jmes.kind == Jmes::Kind::Or || !is_projection(jmes)) {
    return always(true);
  }
  const Jmes& of = jmes.of[0];
  if (is_projection(of)) {
    return is_there(of);
  }
  if (of.kind == Jmes::Kind::List) {
    return always(true);
  }
  const Jmes* map = argument_of(of, "keys");
  map = map == nullptr ? argument_of(of, "values") : map;
  auto base = path(map == nullptr ? of : *map, Absence::IsOptional);
  if (!base) {
    return std::unexpected(base.error());
  }
  return base->is_optional ? primary(base->text() + ".hasValue()") : always(true);
}

Outcome<Cel> ExpressionTranslator::quantified(const Jmes& jmes, Quantifier quantifier,
                                              const Body& body) {
  if (jmes.kind == Jmes::Kind::Or && is_projection(jmes.of[0]) &&
      jmes.of[1].kind == Jmes::Kind::Literal &&
      ((jmes.of[1].literal.is_array() && jmes.of[1].literal.size() == 0) ||
       (jmes.of[1].literal.is_string() && jmes.of[1].literal.text().empty()))) {
    return over_projection(jmes.of[0], quantifier, Absence::IsOptional, body);
  }
  if (is_projection(jmes)) {
    auto there = quantifier == Quantifier::All ? is_there(jmes) : always(true);
    auto asked = over_projection(jmes, quantifier, Absence::IsOptional, body);
    return there && asked ? Outcome<Cel>(both(*there, *asked)) : there ? asked : there;
  }
  if (argument_of(jmes, "keys") != nullptr || argument_of(jmes, "values") != nullptr) {
    return over_map(jmes, quantifier, Absence::IsError, body);
  }
  auto whole = value(jmes);
  if (!whole) {
    return std::unexpected(whole.error());
  }
  return over_list(*whole, quantifier, body);
}

// keys(x) and values(x)
Outcome<Cel> ExpressionTranslator::over_map(const Jmes& jmes, Quantifier quantifier,
                                            Absence absence, const Body& body) {
  const Jmes* map = argument_of(jmes, "keys");
  const Jmes* values = argument_of(jmes, "values");
  auto of = path(map != nullptr ? *map : *values, absence);
  if (!of) {
    return std::unexpected(of.error());
  }
  if (of->is_optional) {
    of->cel = primary(fmt::format("{}.orValue({{}})", of->text()));
    of->is_optional = false;
  }
  const std::string name = scope_.names.open("key");
  Term item{.cel = primary(map != nullptr ? name : fmt::format("{}[{}]", of->text(), name)),
            .kind = PlaceKind::Text};
  if (map != nullptr && !of->path.empty()) {
    item.path = of->path;
    item.path.emplace_back(kKeysOf);
    item.path.emplace_back(kEveryElement);
  }
  if (map == nullptr) {
    item.type = of->type.element();
    item.kind = item.type.kind();
    if (!of->path.empty()) {
      item.path = of->path;
      item.path.emplace_back("example.com/key");
    }
  }
  auto inner = body(item);
  scope_.names.close();
  if (!inner) {
    return inner;
  }
  return over(of->text(), quantifier == Quantifier::All ? "all" : "exists", name, *inner);
}

Outcome<Cel> ExpressionTranslator::over_projection(const Jmes& jmes, Quantifier quantifier,
                                                   Absence absence, const Body& body) {
  const Jmes& of = jmes.of[0];
  const bool is_all = quantifier == Quantifier::All;
  const auto guarded = [&](const Cel& is_there, const Cel& inner) {
    return is_all ? either(negated(is_there), inner) : both(is_there, inner);
  };
  switch (jmes.kind) {
    case Jmes::Kind::Flatten:
    case Jmes::Kind::Each:
    case Jmes::Kind::Filter: {
      const Body each = [&](const Term& element) -> Outcome<Cel> {
        if (jmes.kind != Jmes::Kind::Filter) {
          return body(element);
        }
        auto holds = with_current(element, [&] { return truth(jmes.of[1]); });
        if (!holds) {
          return holds;
        }
        auto inner = body(element);
        return inner ? Outcome<Cel>(guarded(*holds, *inner)) : inner;
      };
      if (is_projection(of) && jmes.kind == Jmes::Kind::Flatten) {
        return over_projection(of, quantifier, absence, [&](const Term& inner) -> Outcome<Cel> {
          // What is no list stays as it is.
          return inner.kind == PlaceKind::Text || inner.kind == PlaceKind::Number ||
                         inner.kind == PlaceKind::Bool
                     ? each(inner)
                     : over_list(inner, quantifier, each);
        });
      }
      if (is_projection(of)) {
        return refused("a filter inside of a projection");
      }
      if (of.kind == Jmes::Kind::List) {
        auto list = list_of(jmes.kind == Jmes::Kind::Filter ? of : jmes, absence);
        return list ? over_list(*list, quantifier, each)
                    : Outcome<Cel>(std::unexpected(list.error()));
      }
      if (argument_of(of, "keys") != nullptr || argument_of(of, "values") != nullptr) {
        return over_map(of, quantifier, absence, each);
      }
      auto list = path(of, absence);
      if (!list) {
        return std::unexpected(list.error());
      }
      if (list->is_optional) {
        list->cel = primary(fmt::format("{}.orValue([])", list->text()));
        list->is_optional = false;
      }
      return over_list(*list, quantifier, each);
    }
    case Jmes::Kind::Field:
      return over_projection(of, quantifier, absence, [&](const Term& element) -> Outcome<Cel> {
        const Term inner = below_term(element, jmes.name);
        scope_.reads.add(inner.path);
        auto asked = body(inner);
        return asked ? Outcome<Cel>(guarded(has(element.text(), jmes.name), *asked)) : asked;
      });
    case Jmes::Kind::Apply: {
      const Jmes& call = jmes.of[1];
      const bool is_keys = call.kind == Jmes::Kind::Call && call.name == "keys";
      return over_projection(of, quantifier, absence, [&](const Term& element) -> Outcome<Cel> {
        if (is_keys) {
          // Its elements are lists of keys: who flattens them asks the map itself.
          Term keys = element;
          keys.kind = PlaceKind::List;
          keys.type = {};
          keys.kinds = {};
          if (!keys.path.empty()) {
            keys.path.emplace_back(kKeysOf);
          }
          return body(keys);
        }
        auto inner = with_current(element, [&] { return value(call); });
        return inner ? body(*inner) : Outcome<Cel>(std::unexpected(inner.error()));
      });
    }
    case Jmes::Kind::Index:
      return over_projection(of, quantifier, absence, [&](const Term& element) -> Outcome<Cel> {
        Term inner{.cel = primary(fmt::format("{}[{}]", element.text(), jmes.number)),
                   .type = element.type.element()};
        inner.kind = inner.type.kind() == PlaceKind::Unknown ? PlaceKind::Text : inner.type.kind();
        auto asked = body(inner);
        return asked ? Outcome<Cel>(guarded(related(fmt::format("size({})", element.text()), ">",
                                                    fmt::format("{}", jmes.number)),
                                            *asked))
                     : asked;
      });
    default:
      return refused("this projection");
  }
}

}  // namespace tally::migration
