#pragma once
// What the parts of the translation of expressions share.

#include <fmt/format.h>

#include <utility>

#include "migration/internal/expressions.hpp"

namespace tally::migration {

inline bool is_projection(const Jmes& jmes) {
  switch (jmes.kind) {
    case Jmes::Kind::Flatten:
    case Jmes::Kind::Each:
    case Jmes::Kind::Filter:
      return true;
    case Jmes::Kind::Field:
    case Jmes::Kind::Index:
    case Jmes::Kind::List:
    case Jmes::Kind::Apply:
      return is_projection(jmes.of[0]);
    default:
      return false;
  }
}

// A call of one argument that says what stands in a map: keys(@) after something, or keys(x).
inline const Jmes* argument_of(const Jmes& jmes, std::string_view function) {
  if ((jmes.kind == Jmes::Kind::Apply || jmes.kind == Jmes::Kind::Pipe) && jmes.of.size() == 2 &&
      jmes.of[1].kind == Jmes::Kind::Call && jmes.of[1].name == function &&
      jmes.of[1].of.size() == 1 && jmes.of[1].of[0].kind == Jmes::Kind::Current) {
    return &jmes.of[0];
  }
  return jmes.kind == Jmes::Kind::Call && jmes.name == function && jmes.of.size() == 1 ? &jmes.of[0]
                                                                                       : nullptr;
}

inline Term made(Cel cel, PlaceKind kind) { return {.cel = std::move(cel), .kind = kind}; }

inline Term below_term(const Term& of, std::string_view key) {
  const Place place =
      below({.cel = of.text(), .type = of.type, .path = of.path, .kinds = of.kinds}, key);
  Term out = term_of(place);
  if (of.path.empty() && of.cel.text == "object") {
    out.path = {std::string(key)};
  }
  return out;
}

template <class Ask>
auto ExpressionTranslator::with_current(const Term& current, Ask ask) {
  const std::optional<Term> before = std::exchange(current_, current);
  auto out = ask();
  current_ = before;
  return out;
}

}  // namespace tally::migration
