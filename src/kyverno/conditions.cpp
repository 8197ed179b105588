#include "kyverno/internal/conditions.hpp"

#include <fmt/format.h>

#include "kyverno/internal/substitution.hpp"
#include "pattern/condition.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

void join(std::string& out, std::string_view more, std::string_view by) {
  if (!more.empty()) {
    out += out.empty() ? "" : by;
    out += more;
  }
}

Outcome<Node> put(const Node& condition, std::string_view field, Context& context) {
  const Node* written = condition.find(field);
  if (written == nullptr) {
    return Node{};
  }
  Outcome<Node> value = substitute(*written, context);
  if (!value) {
    Failure failure = std::move(value).error();
    failure.message =
        fmt::format("failed to substitute variables in condition {}: {}", field, failure.message);
    return std::unexpected(std::move(failure));
  }
  return value;
}

Outcome<bool> evaluate(const Node& condition, Context& context) {
  Outcome<Node> key = put(condition, "key", context);
  if (!key) {
    return std::unexpected(std::move(key).error());
  }
  Outcome<Node> value = put(condition, "value", context);
  if (!value) {
    return std::unexpected(std::move(value).error());
  }
  const auto op = pattern::parse_operator(text_at(condition, "operator"));
  if (!op) {
    return std::unexpected(
        Failure{.message = fmt::format("failed to create handler for condition operator: {}",
                                       text_at(condition, "operator"))});
  }
  // A number that the policy writes is a float64 to upstream, one that a variable brings is not.
  const auto is_literal = [&](std::string_view field) {
    const Node* written = condition.find(field);
    return written != nullptr && written->is_number();
  };
  const pattern::ConditionResult result =
      pattern::evaluate(*op, *key, *value, context.arena(),
                        {.key = is_literal("key") ? pattern::NumberReading::AsDoubles
                                                  : pattern::NumberReading::AsWritten,
                         .value = is_literal("value") ? pattern::NumberReading::AsDoubles
                                                      : pattern::NumberReading::AsWritten});
  if (!result.problem.empty()) {
    return std::unexpected(Failure{.message = std::string(result.problem)});
  }
  if (context.observer() != nullptr) {
    context.observer()->compared(*key, text_at(condition, "operator"), *value, result.holds);
  }
  return result.holds;
}

Outcome<Held> every(const Node& list, Context& context) {
  Held out{.holds = true, .message = {}};
  for (const Node& condition : list.items()) {
    Outcome<bool> holds = evaluate(condition, context);
    if (!holds) {
      return std::unexpected(std::move(holds).error());
    }
    if (!*holds) {
      return Held{.holds = false, .message = std::string(text_at(condition, "message"))};
    }
    join(out.message, text_at(condition, "message"), ";");
  }
  return out;
}

}  // namespace

Outcome<Held> evaluate_conditions(const Node& conditions, Context& context) {
  if (conditions.is_null()) {
    return Held{.holds = true, .message = {}};
  }
  if (conditions.is_array()) {
    // A list of any/all blocks, as attestations have it, or of conditions.
    if (conditions.size() > 0 && conditions.items()[0].find("key") == nullptr) {
      Held out{.holds = true, .message = {}};
      for (const Node& block : conditions.items()) {
        Outcome<Held> held = evaluate_conditions(block, context);
        if (!held || !held->holds) {
          return held;
        }
        join(out.message, held->message, ";");
      }
      return out;
    }
    return every(conditions, context);
  }
  if (!conditions.is_object()) {
    return std::unexpected(Failure{.message = "invalid condition"});
  }
  bool any_holds = true;
  bool all_hold = true;
  std::string false_messages;
  std::string true_messages;
  if (const Node* any = conditions.find("any"); any != nullptr && any->is_array()) {
    any_holds = false;  // an empty list holds nothing
    for (const Node& condition : any->items()) {
      Outcome<bool> holds = evaluate(condition, context);
      if (!holds) {
        return std::unexpected(std::move(holds).error());
      }
      join(*holds ? true_messages : false_messages, text_at(condition, "message"), "; ");
      if (*holds) {
        any_holds = true;
        break;
      }
    }
  }
  if (const Node* all = conditions.find("all"); all != nullptr) {
    for (const Node& condition : all->items()) {
      Outcome<bool> holds = evaluate(condition, context);
      if (!holds) {
        return std::unexpected(std::move(holds).error());
      }
      join(*holds ? true_messages : false_messages, text_at(condition, "message"), "; ");
      if (!*holds) {
        all_hold = false;
        break;
      }
    }
  }
  const bool holds = any_holds && all_hold;
  return Held{.holds = holds, .message = holds ? true_messages : false_messages};
}

}  // namespace tally::kyverno::internal
