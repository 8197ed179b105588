#include "migration/internal/expressions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "migration/internal/expression_parts.hpp"

namespace tally::migration {

using document::Node;
using document::NodeKind;

namespace {

constexpr std::size_t kDepthMax = 200;

}  // namespace

Term term_of(const Place& place) {
  return {.cel = primary(place.cel),
          .kind = place.kind(),
          .type = place.type,
          .path = place.path,
          .kinds = place.kinds};
}

PlaceKind kind_of(const Node& node) noexcept {
  switch (node.kind()) {
    case NodeKind::Bool:
      return PlaceKind::Bool;
    case NodeKind::Number:
      return PlaceKind::Number;
    case NodeKind::String:
      return PlaceKind::Text;
    case NodeKind::Array:
      return PlaceKind::List;
    case NodeKind::Object:
      return PlaceKind::Map;
    case NodeKind::Null:
      break;
  }
  return PlaceKind::Unknown;
}

std::string literal(const Node& node) {
  std::string out;
  switch (node.kind()) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Bool:
      return node.boolean() ? "true" : "false";
    case NodeKind::Number:
      return std::string(node.text());
    case NodeKind::String:
      return quoted(node.text());
    case NodeKind::Array:
      for (const Node& item : node.items()) {
        out += (out.empty() ? "" : ", ") + literal(item);
      }
      return fmt::format("[{}]", out);
    case NodeKind::Object:
      for (const document::Member member : node.members()) {
        out += (out.empty() ? "" : ", ") + quoted(member.key) + ": " + literal(member.value);
      }
      return fmt::format("{{{}}}", out);
  }
  return out;
}

std::string ExpressionTranslator::name_for(const Term& list) {
  for (auto part = list.path.rbegin(); part != list.path.rend(); ++part) {
    if (*part != kEveryElement) {
      return scope_.names.open(*part);
    }
  }
  return scope_.names.open("item");
}

bool ExpressionTranslator::is_list(const Jmes& jmes) {
  if (is_projection(jmes) || argument_of(jmes, "keys") || argument_of(jmes, "values") ||
      argument_of(jmes, "to_array")) {
    return true;
  }
  if (jmes.kind == Jmes::Kind::Or) {
    return is_list(jmes.of[0]) ||
           (jmes.of[1].kind == Jmes::Kind::Literal && jmes.of[1].literal.is_array());
  }
  const auto term = value(jmes);
  return term && term->kind == PlaceKind::List;
}

Outcome<Term> ExpressionTranslator::root(std::string_view name) {
  if (name == "request") {
    return made(primary("request"), PlaceKind::Struct);
  }
  if (name == "element" && scope_.element) {
    return *scope_.element;
  }
  if (const auto found = scope_.variables.find(std::string(name));
      found != scope_.variables.end()) {
    if (found->second.cel.is_empty()) {
      return refused(fmt::format("the variable {}, which is read from the cluster", name));
    }
    return found->second;
  }
  return refused(fmt::format("the variable {}", name));
}

Outcome<Term> ExpressionTranslator::field(const Term& of, std::string_view name, Absence absence) {
  if (of.cel.text == "request" && !of.is_optional) {
    if (name == "object") {
      return term_of(scope_.object);
    }
    if (name == "oldObject") {
      return Term{
          .cel = primary("oldObject"), .kind = PlaceKind::Struct, .type = scope_.object.type};
    }
    if (name == "operation" || name == "namespace" || name == "name") {
      return made(primary(fmt::format("request.{}", name)), PlaceKind::Text);
    }
    if (name == "userInfo") {
      return made(primary("request.userInfo"), PlaceKind::Struct);
    }
    return refused(fmt::format("request.{}", name));
  }
  Term out = below_term(of, name);
  out.guard = of.guard;
  if (of.is_whole) {
    out.cel = primary(fmt::format("{}[{}]", of.text(), quoted(name)));
    return out;
  }
  if (of.cel.text == "request.userInfo") {
    out.kind = name == "groups" ? PlaceKind::List : PlaceKind::Text;
    return out;
  }
  scope_.reads.add(out.path);
  // What every object has is not asked for: autogen rewrites `object.spec`.
  const bool is_root = of.cel.text == "object" || of.cel.text == "oldObject";
  if (absence == Absence::IsOptional && is_root && name == "metadata") {
    // ... to that of a template, which may have none.
    if (scope_.is_extended) {
      out.cel = primary(fmt::format("(has({0}.metadata) ? {0}.metadata : {{}})", of.cel.text));
    }
    return out;
  }
  const bool is_sure = !of.is_optional && presence({.cel = is_root ? "object" : of.cel.text,
                                                    .type = of.type,
                                                    .path = of.path,
                                                    .kinds = of.kinds},
                                                   name)
                                              .is_true();
  if (absence == Absence::IsOptional && !is_sure) {
    out.cel = primary(selected_optionally(of.text(), name));
    out.is_optional = true;
  }
  return out;
}

// Names, indices and calls one after the other.
Outcome<Term> ExpressionTranslator::path(const Jmes& jmes, Absence absence) {
  switch (jmes.kind) {
    case Jmes::Kind::Current:
      return current_ ? Outcome<Term>(*current_) : refused("@");
    case Jmes::Kind::Field: {
      if (jmes.of[0].kind == Jmes::Kind::Current && !current_) {
        return root(jmes.name);
      }
      auto of = path(jmes.of[0], absence);
      auto out = of ? field(*of, jmes.name, absence) : of;
      if (out && of->cel.text == "request" && jmes.number == 1) {
        out->is_whole = scope_.is_extended;
      }
      return out;
    }
    case Jmes::Kind::Index: {
      auto of = path(jmes.of[0], absence);
      if (!of) {
        return of;
      }
      if (jmes.number < 0) {
        return refused("an index that counts from the end");
      }
      Term out;
      out.cel = primary(fmt::format("{}[{}{}]", of->text(),
                                    absence == Absence::IsOptional ? "?" : "", jmes.number));
      out.type = of->type.element();
      out.path = of->path;
      out.guard = both(of->guard, related(fmt::format("size({})", of->cel.text), ">",
                                          fmt::format("{}", jmes.number)));
      out.kind = out.type.kind();
      out.is_optional = absence == Absence::IsOptional;
      if (!out.path.empty()) {
        out.path.emplace_back(kEveryElement);
      }
      return out;
    }
    default: {
      auto out = value(jmes);
      if (out && absence == Absence::IsOptional) {
        return refused("an alternative to what a function gives");
      }
      return out;
    }
  }
}

Outcome<Term> ExpressionTranslator::alternative(const Jmes& jmes) {
  const Jmes& second = jmes.of[1];
  if (second.kind != Jmes::Kind::Literal) {
    return refused("an alternative that is no literal");
  }
  const Node& otherwise = second.literal;
  if (is_projection(jmes.of[0])) {
    const bool is_empty = (otherwise.is_array() && otherwise.size() == 0) ||
                          (otherwise.is_string() && otherwise.text().empty());
    return is_empty ? list_of(jmes.of[0], Absence::IsOptional)
                    : refused("an alternative to a list that is not empty");
  }
  auto first = path(jmes.of[0], Absence::IsOptional);
  if (!first) {
    return first;
  }
  Term out = *first;
  out.is_optional = false;
  out.guard = always(true);
  if (out.kind == PlaceKind::Unknown || out.kind == PlaceKind::Any) {
    out.kind = kind_of(otherwise);
  }
  if (!first->is_optional) {
    return out;  // always there
  }
  const std::string asked = first->text();
  // An empty text, list or map, and false, give way as well.
  if (otherwise.is_string() && !otherwise.text().empty()) {
    const std::string plain = fmt::format("{}.orValue('')", asked);
    if (out.kind == PlaceKind::Text) {
      out.cel = {.text = fmt::format("{} != '' ? {} : {}", plain, plain, literal(otherwise)),
                 .binding = Binding::Choice};
      return out;
    }
  }
  if (otherwise.is_bool() && otherwise.boolean()) {
    out.cel = always(true);
    return out;
  }
  out.cel = primary(fmt::format("{}.orValue({})", asked, literal(otherwise)));
  return out;
}

Outcome<Term> ExpressionTranslator::value(const Jmes& jmes) {
  if (++depth_ > kDepthMax) {
    --depth_;
    return refused("an expression nested this deep");
  }
  struct Up {
    std::size_t& depth;
    ~Up() { --depth; }
  };
  const Up up{depth_};
  if (is_projection(jmes)) {
    return list_of(jmes, Absence::IsError);
  }
  switch (jmes.kind) {
    case Jmes::Kind::Literal:
      return made(primary(literal(jmes.literal)), kind_of(jmes.literal));
    case Jmes::Kind::Or:
      return alternative(jmes);
    case Jmes::Kind::Call:
      return call(jmes);
    case Jmes::Kind::Pipe:
    case Jmes::Kind::Apply: {
      // keys(x) | contains(@, 'a')
      const Jmes& next = jmes.of[1];
      if (argument_of(jmes.of[0], "keys") != nullptr && next.kind == Jmes::Kind::Call &&
          next.name == "contains" && next.of.size() == 2 &&
          next.of[0].kind == Jmes::Kind::Current) {
        Jmes whole = next;
        whole.of[0] = jmes.of[0];
        return call(whole);
      }
      auto first = value(jmes.of[0]);
      return first ? with_current(*first, [&] { return value(jmes.of[1]); }) : first;
    }
    case Jmes::Kind::And:
    case Jmes::Kind::Not:
    case Jmes::Kind::Comparison: {
      auto holds = truth(jmes);
      if (!holds) {
        return std::unexpected(holds.error());
      }
      return made(*holds, PlaceKind::Bool);
    }
    case Jmes::Kind::List:
      return refused("a list of expressions");
    default:
      return path(jmes, Absence::IsError);
  }
}

Outcome<Cel> ExpressionTranslator::comparison(const Jmes& jmes) {
  const auto side = [&](const Jmes& one, const Jmes& other) -> Outcome<Term> {
    // A field that is not there is null, and equals nothing else.
    if (one.kind == Jmes::Kind::Field && other.kind == Jmes::Kind::Literal &&
        (other.literal.is_string() || other.literal.is_number())) {
      Jmes with{.kind = Jmes::Kind::Or};
      with.of.push_back(one);
      Jmes nothing{.kind = Jmes::Kind::Literal};
      nothing.literal =
          other.literal.is_string() ? Node::make_string("", 0) : Node::make_number("-1", 0);
      with.of.push_back(std::move(nothing));
      return alternative(with);
    }
    return value(one);
  };
  auto left = side(jmes.of[0], jmes.of[1]);
  if (!left) {
    return std::unexpected(left.error());
  }
  auto right = side(jmes.of[1], jmes.of[0]);
  if (!right) {
    return std::unexpected(right.error());
  }
  return related(in(left->cel, Binding::Sum), jmes.name, in(right->cel, Binding::Sum));
}

// Whether JMESPath counts it as true.
Outcome<Cel> ExpressionTranslator::truth(const Jmes& jmes) {
  switch (jmes.kind) {
    case Jmes::Kind::And:
    case Jmes::Kind::Or: {
      auto left = truth(jmes.of[0]);
      auto right = truth(jmes.of[1]);
      if (!left || !right) {
        return left ? right : left;
      }
      return jmes.kind == Jmes::Kind::And ? both(*left, *right) : either(*left, *right);
    }
    case Jmes::Kind::Not: {
      auto inner = truth(jmes.of[0]);
      return inner ? Outcome<Cel>(negated(*inner)) : inner;
    }
    case Jmes::Kind::Comparison:
      return comparison(jmes);
    case Jmes::Kind::Field:
      if (current_ && jmes.of[0].kind == Jmes::Kind::Current) {
        const Term below = below_term(*current_, jmes.name);
        scope_.reads.add(below.path, {"\"x\"", "{}"});
        const Cel is_there = has(current_->text(), jmes.name);
        return below.kind == PlaceKind::Bool ? both(is_there, below.cel) : is_there;
      }
      break;
    default:
      break;
  }
  auto term = value(jmes);
  if (!term) {
    return std::unexpected(term.error());
  }
  switch (term->kind) {
    case PlaceKind::Bool:
      return term->cel;
    case PlaceKind::Text:
      return related(term->text(), "!=", "''");
    case PlaceKind::List:
      return related(fmt::format("size({})", term->cel.text), ">", "0");
    default:
      return refused("the truth of a value of which the type is not known");
  }
}

Outcome<Cel> translate_text(const Node& text, Scope& scope) {
  auto parts = split_variables(text);
  if (!parts) {
    return std::unexpected(parts.error());
  }
  std::string out;
  for (const TextPart& part : *parts) {
    out += out.empty() ? "" : " + ";
    if (!part.is_variable) {
      out += quoted(part.text);
      continue;
    }
    auto jmes = parse_jmespath(part.text, text, scope.arena);
    if (!jmes) {
      return std::unexpected(jmes.error());
    }
    auto term = ExpressionTranslator(scope, text).value(*jmes);
    if (!term) {
      return std::unexpected(term.error());
    }
    if (term->kind == PlaceKind::Text) {
      out += in(term->cel, Binding::Sum);
    } else if (term->kind == PlaceKind::Number || term->kind == PlaceKind::Bool) {
      out += fmt::format("string({})", term->cel.text);
    } else if (term->kind == PlaceKind::Unknown || term->kind == PlaceKind::Any) {
      out += fmt::format("string({})", term->cel.text);
    } else {
      return refuse("a list or a map in a text", text);
    }
  }
  return Cel{.text = out, .binding = parts->size() > 1 ? Binding::Sum : Binding::Primary};
}

}  // namespace tally::migration
