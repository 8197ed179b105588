#include "migration/internal/conditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "migration/internal/draft.hpp"
#include "pattern/condition.hpp"
#include "scalar/quantity.hpp"
#include "scalar/time_text.hpp"

namespace tally::migration {

using document::Node;
using pattern::Operator;

namespace {

// One side of a condition: what the policy wrote, or an expression.
struct Side {
  const Node* literal = nullptr;
  std::optional<Jmes> expression{};
  std::optional<Cel> text{};  // literal parts and variables
};

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

bool is_number_text(std::string_view text) {
  text.remove_prefix(text.starts_with('-') ? 1 : 0);
  return !text.empty() && text.size() < 16 &&
         text.find_first_not_of("0123456789.") == std::string_view::npos && text != ".";
}

std::string double_of(const Node& node) { return std::string(node.text()); }

class ConditionTranslator {
 public:
  explicit ConditionTranslator(Scope& scope) : scope_(scope) {}

  Outcome<Cel> block(const Node& conditions) {
    if (conditions.is_null()) {
      return always(true);
    }
    if (conditions.is_array()) {
      Cel out = always(true);
      for (const Node& item : conditions.items()) {
        auto one = item.find("operator") == nullptr ? block(item) : condition(item);
        if (!one) {
          return one;
        }
        out = both(out, *one);
      }
      return out;
    }
    if (!conditions.is_object()) {
      return refuse("conditions that are no map and no list", conditions);
    }
    Cel out = always(true);
    if (const Node* any = conditions.find("any"); any != nullptr && any->is_array()) {
      Cel holds = always(false);
      for (const Node& item : any->items()) {
        auto one = condition(item);
        if (!one) {
          return one;
        }
        holds = either(holds, *one);
      }
      out = holds;
    }
    if (const Node* all = conditions.find("all"); all != nullptr) {
      for (const Node& item : all->items()) {
        auto one = condition(item);
        if (!one) {
          return one;
        }
        out = both(out, *one);
      }
    }
    return out;
  }

 private:
  Outcome<Side> side(const Node& condition, std::string_view field) {
    const Node* written = condition.find(field);
    if (written == nullptr) {
      return refuse(fmt::format("a condition without {}", field), condition);
    }
    if (!written->is_string() || written->text().find("{{") == std::string_view::npos) {
      if (written->is_array()) {
        for (const Node& item : written->items()) {
          if (item.text().find("{{") != std::string_view::npos) {
            return refuse("variables in a list", item);
          }
        }
      }
      return Side{.literal = written};
    }
    auto parts = split_variables(*written);
    if (!parts) {
      return std::unexpected(parts.error());
    }
    if (parts->size() == 1) {
      auto jmes = parse_jmespath(parts->front().text, *written, scope_.arena);
      if (!jmes) {
        return std::unexpected(jmes.error());
      }
      return Side{.expression = *std::move(jmes)};
    }
    auto text = translate_text(*written, scope_);
    if (!text) {
      return std::unexpected(text.error());
    }
    return Side{.text = *std::move(text)};
  }

  // request.operation, perhaps with another value where there is no request.
  static bool is_operation(const Side& side) {
    if (!side.expression) {
      return false;
    }
    const Jmes* jmes = &*side.expression;
    if (jmes->kind == Jmes::Kind::Or) {
      jmes = &jmes->of[0];
    }
    return jmes->kind == Jmes::Kind::Field && jmes->name == "operation" &&
           jmes->of[0].kind == Jmes::Kind::Field && jmes->of[0].name == "request";
  }

  Outcome<Cel> condition(const Node& condition) {
    const auto op = pattern::parse_operator(text_at(condition, "operator"));
    if (!op) {
      return refuse(fmt::format("the operator {}", text_at(condition, "operator")), condition);
    }
    auto key = side(condition, "key");
    if (!key) {
      return std::unexpected(key.error());
    }
    auto value = side(condition, "value");
    if (!value) {
      return std::unexpected(value.error());
    }
    at_ = &condition;
    guard_ = always(true);
    if (is_operation(*key) && value->literal != nullptr) {
      return operation(*op, *value->literal);
    }
    switch (*op) {
      case Operator::Equals:
        return guarded(equals(*key, *value));
      case Operator::NotEquals: {
        auto holds = equals(*key, *value);
        return holds ? Outcome<Cel>(both(guard_, negated(*holds))) : holds;
      }
      case Operator::In:
      case Operator::AnyIn:
      case Operator::AllIn:
      case Operator::NotIn:
      case Operator::AnyNotIn:
      case Operator::AllNotIn:
        return guarded(membership(*op, *key, *value));
      case Operator::GreaterThanOrEquals:
        return guarded(order(">=", *key, *value));
      case Operator::GreaterThan:
        return guarded(order(">", *key, *value));
      case Operator::LessThanOrEquals:
        return guarded(order("<=", *key, *value));
      case Operator::LessThan:
        return guarded(order("<", *key, *value));
      default:
        return refuse(fmt::format("the operator {}", text_at(condition, "operator")), condition);
    }
  }

  [[nodiscard]] Outcome<Cel> guarded(const Outcome<Cel>& holds) const {
    return holds ? Outcome<Cel>(both(guard_, *holds)) : holds;
  }

  // Which operations satisfy it is known here.
  Outcome<Cel> operation(Operator op, const Node& value) {
    std::string allowed;
    std::size_t count = 0;
    Arena arena;
    for (const std::string& one : scope_.operations) {
      const auto result = pattern::evaluate(op, text_node(one), value, arena);
      if (result.holds) {
        allowed += (allowed.empty() ? "" : ", ") + quoted(one);
        ++count;
      }
    }
    if (count == scope_.operations.size()) {
      return always(true);
    }
    return count == 0   ? always(false)
           : count == 1 ? related("request.operation", "==", allowed)
                        : related("request.operation", "in", fmt::format("[{}]", allowed));
  }

  Outcome<Term> term(const Side& side) {
    if (side.literal != nullptr) {
      Term out{.cel = primary(literal(*side.literal)), .kind = kind_of(*side.literal)};
      return out;
    }
    if (side.text) {
      return Term{.cel = *side.text, .kind = PlaceKind::Text};
    }
    auto out = ExpressionTranslator(scope_, *at_).value(*side.expression);
    if (out) {
      guard_ = both(guard_, out->guard);
    }
    return out;
  }

  Outcome<Cel> equals(const Side& key, const Side& value) {
    // Equality looks the same from both sides but for wildcards, which only the value may have.
    const bool is_turned = key.literal != nullptr && value.literal == nullptr;
    if (key.literal != nullptr && value.literal != nullptr) {
      Arena arena;
      return always(pattern::evaluate(Operator::Equals, *key.literal, *value.literal, arena).holds);
    }
    if (is_turned && !key.literal->is_string() && !key.literal->is_bool()) {
      return refuse("a literal key that is no text", *at_);
    }
    const Side& written = is_turned ? key : value;
    auto of = term(is_turned ? value : key);
    if (!of) {
      return std::unexpected(of.error());
    }
    if (written.literal == nullptr) {
      auto other = term(value);
      if (!other) {
        return std::unexpected(other.error());
      }
      if (of->kind == PlaceKind::Text || other->kind == PlaceKind::Text) {
        note(
            "texts of objects are compared as they are: quantities, durations and wildcards in "
            "them have no meaning any more");
      }
      return related(in(of->cel, Binding::Sum), "==", in(other->cel, Binding::Sum));
    }
    const Node& wanted = *written.literal;
    scope_.reads.add(of->path, wanted);
    switch (wanted.kind()) {
      case document::NodeKind::Bool:
        if (of->kind == PlaceKind::Bool) {
          return wanted.boolean() ? of->cel : negated(of->cel);
        }
        return related(in(of->cel, Binding::Sum), "==", literal(wanted));
      case document::NodeKind::Number:
        if (of->kind == PlaceKind::Text) {
          return refuse("a text that is held against a number", wanted);
        }
        return related(in(of->cel, Binding::Sum), "==", double_of(wanted));
      case document::NodeKind::String:
        return equals_text(*of, wanted, is_turned);
      case document::NodeKind::Array:
      case document::NodeKind::Object:
        if (wanted.size() == 0 && (of->kind == PlaceKind::List || of->kind == PlaceKind::Map)) {
          return related(fmt::format("size({})", of->cel.text), "==", "0");
        }
        return related(in(of->cel, Binding::Sum), "==", literal(wanted));
      case document::NodeKind::Null:
        break;
    }
    return refuse("a condition on null", wanted);
  }

  Outcome<Cel> equals_text(const Term& of, const Node& wanted, bool is_turned) {
    const std::string_view text = wanted.text();
    if (scalar::parse_duration(text) && !scalar::Quantity::try_parse(text)) {
      return refuse("a duration in an equation", wanted);
    }
    if (of.kind == PlaceKind::Number || of.kind == PlaceKind::Any) {
      if (is_number_text(text) && of.kind == PlaceKind::Number) {
        return related(of.text(), "==", text);
      }
      return of.kind == PlaceKind::Number ? refuse("a number that is held against a text", wanted)
                                          : translate_scalar(wanted, of);
    }
    if (of.kind == PlaceKind::Bool) {
      return refuse("a boolean that is held against a text", wanted);
    }
    if (of.kind == PlaceKind::List || of.kind == PlaceKind::Map) {
      return refuse("a list or map that is held against a text", wanted);
    }
    if (scalar::Quantity::try_parse(text)) {
      return refuse("a quantity in an equation of texts", wanted);
    }
    if (is_turned) {
      return related(in(of.cel, Binding::Sum), "==", quoted(text));
    }
    if (of.cel.binding != Binding::Primary) {
      return alike(of.text(), text);
    }
    return alike(of.cel.text, text);
  }

  Outcome<Cel> translate_scalar(const Node& wanted, const Term& of) {
    return related(fmt::format("string({})", of.cel.text), "==", quoted(wanted.text()));
  }

  void note(std::string text) {
    if (std::ranges::find(scope_.notes, text) == scope_.notes.end()) {
      scope_.notes.push_back(std::move(text));
    }
  }

  // One text of the object is one of a list that the policy wrote.
  Outcome<Cel> among(const Term& item, const Node& list) {
    std::string plain;
    std::size_t count = 0;
    Cel wild = always(false);
    const std::string value = item.kind == PlaceKind::Number || item.kind == PlaceKind::Bool ||
                                      item.kind == PlaceKind::Text
                                  ? item.text()
                                  : item.text();
    const auto one = [&](const Node& wanted) -> Outcome<void> {
      if (wanted.is_object() || wanted.is_array() || wanted.is_null()) {
        return refuse("a list of something else than texts and numbers", wanted);
      }
      if (wanted.is_string() && wanted.text().find('-') != std::string_view::npos &&
          is_range(wanted.text())) {
        return refuse("a range in a list", wanted);
      }
      if (wanted.is_string() && has_wildcard(wanted.text())) {
        wild = either(wild, alike(value, wanted.text()));
        return {};
      }
      std::string text = literal(wanted);
      if (item.kind == PlaceKind::Number && wanted.is_string()) {
        text = is_number_text(wanted.text()) ? std::string(wanted.text()) : text;
      }
      if (item.kind == PlaceKind::Text && !wanted.is_string()) {
        text = quoted(wanted.is_bool() ? (wanted.boolean() ? "true" : "false") : wanted.text());
      }
      plain += (count++ == 0 ? "" : ", ") + text;
      return {};
    };
    if (list.is_array()) {
      for (const Node& wanted : list.items()) {
        if (auto done = one(wanted); !done) {
          return std::unexpected(done.error());
        }
      }
    } else if (auto done = one(list); !done) {
      return std::unexpected(done.error());
    }
    scope_.reads.add(item.path, list);
    if (item.kind != PlaceKind::Number && item.kind != PlaceKind::Bool) {
      note("wildcards in the objects' own texts have no meaning any more");
    }
    const Cel exact = count == 0   ? always(false)
                      : count == 1 ? related(value, "==", plain)
                                   : related(value, "in", fmt::format("[{}]", plain));
    return either(exact, wild);
  }

  static bool is_range(std::string_view text) {
    const std::size_t dash = text.find('-', 1);
    return dash != std::string_view::npos &&
           scalar::Quantity::try_parse(text.substr(0, dash)).has_value() &&
           scalar::Quantity::try_parse(text.substr(dash + 1)).has_value();
  }

  Outcome<Cel> in_range(const Term& item, const Node& range) {
    const std::string_view text = range.text();
    const std::size_t dash = text.find('-', 1);
    const std::string_view low = text.substr(0, dash);
    const std::string_view high = text.substr(dash + 1);
    if (item.kind != PlaceKind::Number || !is_number_text(low) || !is_number_text(high)) {
      return refuse("a range of something else than numbers", range);
    }
    scope_.reads.add(item.path, range);
    return both(related(item.text(), ">=", low), related(item.text(), "<=", high));
  }

  Outcome<Cel> membership(Operator op, const Side& key, const Side& value) {
    const bool is_negated =
        op == Operator::NotIn || op == Operator::AnyNotIn || op == Operator::AllNotIn;
    if (value.literal == nullptr) {
      return membership_in_object(op, is_negated, key, value);
    }
    const Node& list = *value.literal;
    if (key.literal != nullptr) {
      Arena arena;
      return always(pattern::evaluate(op, *key.literal, list, arena).holds);
    }
    if (list.is_string() && list.text().starts_with('[')) {
      return refuse("a list that is written as a text", list);
    }
    const bool ranges = list.is_string() && is_range(list.text());
    const auto one = [&](const Term& item) -> Outcome<Cel> {
      auto holds = ranges ? in_range(item, list) : among(item, list);
      return !holds || !is_negated ? holds : Outcome<Cel>(negated(*holds));
    };
    ExpressionTranslator expressions(scope_, *at_);
    if (key.expression && expressions.is_list(*key.expression)) {
      if (op == Operator::NotIn || op == Operator::In) {
        const bool is_any = op == Operator::NotIn;
        return expressions.quantified(*key.expression, is_any ? Quantifier::Any : Quantifier::All,
                                      one);
      }
      const bool is_any = op == Operator::AnyIn || op == Operator::AnyNotIn;
      return expressions.quantified(*key.expression, is_any ? Quantifier::Any : Quantifier::All,
                                    one);
    }
    auto item = term(key);
    if (!item) {
      return std::unexpected(item.error());
    }
    if (item->kind == PlaceKind::Map || item->kind == PlaceKind::Struct) {
      return refuse("a map that is held against a list", *at_);
    }
    return one(*item);
  }

  // The list comes of the object; the key of the policy, or of the object as well.
  Outcome<Cel> membership_in_object(Operator op, bool is_negated, const Side& key,
                                    const Side& value) {
    if (value.text || !value.expression) {
      return refuse("a list made of texts and variables", *at_);
    }
    ExpressionTranslator expressions(scope_, *at_);
    if (auto known = expressions.value(*value.expression); !known) {
      return std::unexpected(known.error());
    }
    if (!expressions.is_list(*value.expression)) {
      return refuse("a list of the object of which the type is not known", *at_);
    }
    if (key.literal == nullptr) {
      return refuse("a key of the object against a list of the object", *at_);
    }
    std::vector<const Node*> keys;
    if (key.literal->is_array()) {
      for (const Node& item : key.literal->items()) {
        keys.push_back(&item);
      }
    } else {
      keys.push_back(key.literal);
    }
    note("wildcards in the objects' own texts have no meaning any more, but for a lone *");
    const bool is_any = op == Operator::AnyIn || op == Operator::AnyNotIn || op == Operator::NotIn;
    auto there = expressions.is_there(*value.expression);
    if (!there) {
      return there;
    }
    Cel out = always(!is_any);
    for (const Node* wanted : keys) {
      if (!wanted->is_string()) {
        return refuse("a key that is no text", *wanted);
      }
      auto found = expressions.quantified(
          *value.expression, Quantifier::Any, [&](const Term& item) -> Outcome<Cel> {
            scope_.reads.add(item.path, *wanted);
            scope_.reads.add(item.path, {"\"*\""});
            const Cel same = alike(item.text(), wanted->text());
            const bool is_key = std::ranges::find(item.path, kKeysOf) != item.path.end();
            return is_key ? same : either(same, related(item.text(), "==", "'*'"));
          });
      if (!found) {
        return found;
      }
      const Cel holds = is_negated ? negated(*found) : *found;
      out = is_any ? either(out, holds) : both(out, holds);
    }
    return is_negated || !is_any ? both(*there, out) : out;
  }

  Outcome<Cel> order(std::string_view op, const Side& key, const Side& value) {
    auto left = term(key);
    if (!left) {
      return std::unexpected(left.error());
    }
    auto right = term(value);
    if (!right) {
      return std::unexpected(right.error());
    }
    const auto number = [&](const Side& side, const Term& term) -> std::optional<std::string> {
      if (side.literal != nullptr && is_number_text(side.literal->text())) {
        return std::string(side.literal->text());
      }
      return term.kind == PlaceKind::Number ? std::optional(term.text()) : std::nullopt;
    };
    const auto a = number(key, *left);
    const auto b = number(value, *right);
    if (!a || !b) {
      return quantities(op, key, *left, value, *right);
    }
    if (value.literal != nullptr) {
      scope_.reads.add(left->path, *value.literal);
    }
    return related(*a, op, *b);
  }

  Outcome<Cel> quantities(std::string_view op, const Side& key, const Term& left, const Side& value,
                          const Term& right) {
    const auto quantity = [&](const Side& side, const Term& term) -> std::optional<std::string> {
      if (side.literal != nullptr) {
        return scalar::Quantity::try_parse(side.literal->text())
                   ? std::optional(fmt::format("quantity({})", quoted(side.literal->text())))
                   : std::nullopt;
      }
      return term.kind == PlaceKind::Any || term.kind == PlaceKind::Text
                 ? std::optional(fmt::format("quantity(string({}))", term.cel.text))
                 : std::nullopt;
    };
    const auto a = quantity(key, left);
    const auto b = quantity(value, right);
    if (!a || !b || (left.kind == PlaceKind::Text && key.literal == nullptr)) {
      return refuse("an order of values of which the types are not known", *at_);
    }
    if (value.literal != nullptr) {
      scope_.reads.add(left.path, *value.literal);
    }
    return related(fmt::format("{}.compareTo({})", *a, *b), op, "0");
  }

  Scope& scope_;
  const Node* at_ = nullptr;
  Cel guard_ = always(true);  // of the condition at hand: its operands are not null
};

}  // namespace

Outcome<Cel> translate_conditions(const Node& conditions, Scope& scope) {
  return ConditionTranslator(scope).block(conditions);
}

}  // namespace tally::migration
