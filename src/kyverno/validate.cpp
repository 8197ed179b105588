// validate.pattern, anyPattern, deny and foreach: Kyverno 1.19
// pkg/engine/handlers/validation/validate_resource.go.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kyverno/internal/judgement.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

bool is_present(const Node* node) { return node != nullptr && !node->is_null(); }

}  // namespace

Judgement::Said Judgement::error(std::string_view message, const Failure& failure) {
  return {.verdict = Verdict::Error,
          .message = arena_.concat({message, ": ", arena_.copy(failure.message)}),
          .is_world_missing = failure.is_world_missing};
}

void Judgement::validate(const Rule& rule) {
  const std::vector<const ExceptionEntry*> exceptions = exceptions_for(rule);
  std::optional<Said> said;
  std::vector<std::string_view> used;
  std::vector<Assertion::Mismatch> further;
  if (is_present(rule.validate->find("podSecurity"))) {
    // An exception may name controls; without any it excuses the whole rule.
    std::vector<const ExceptionEntry*> whole;
    for (const ExceptionEntry* exception : exceptions) {
      if (exception->pod_security.size() == 0) {
        whole.push_back(exception);
      }
    }
    if (skip_by_exceptions(rule, whole)) {
      return;
    }
    said = validate_pod_security(rule, exceptions, used);
  } else {
    if (skip_by_exceptions(rule, exceptions)) {
      return;
    }
    if (rule.cel) {
      said = validate_cel(rule);
    } else if (is_present(rule.validate->find("manifests"))) {
      said = Said{.verdict = Verdict::Unknown,
                  .message = "signatures of manifests are not verified yet"};
    } else if (is_present(rule.validate->find("assert"))) {
      said = validate_assertion(rule, &further);
    } else {
      said = validate_part(rule, *rule.validate, 0, nullptr);
    }
  }
  if (!said) {
    if (!context_.exhausted().empty()) {
      say(rule, Verdict::Error, context_.exhausted());
    }
    return;
  }
  // allowExistingViolations: what violated before may go on violating.
  const Node* allowed = rule.validate->find("allowExistingViolations");
  const bool is_update = operation_ == "UPDATE" || (!object_.is_null() && !old_object_.is_null());
  if (said->verdict == Verdict::Fail && policy_.records[rule.record].is_enforced && is_update &&
      !rule.cel && (allowed == nullptr || allowed->is_null() || allowed->boolean())) {
    const std::optional<Said> before = validate_old_object(rule);
    if (before && before->verdict == Verdict::Fail) {
      said = Said{.verdict = Verdict::Skip,
                  .message = "skipping the rule evaluation as pre-existing violations are allowed"};
      further.clear();
    }
  }
  RuleResponse& response = say(rule, said->verdict, said->message);
  response.pointer = said->pointer;
  response.is_world_missing = said->is_world_missing;
  response.exceptions = arena_.copy(std::span<const std::string_view>(used));
  for (const Assertion::Mismatch& mismatch : further) {
    say(rule, Verdict::Fail, mismatch.message).pointer = mismatch.pointer;
  }
}

// The rule over the old object, as if it were created.
std::optional<Judgement::Said> Judgement::validate_old_object(const Rule& rule) {
  if (operation_ != "UPDATE") {
    return std::nullopt;
  }
  need_rule_context(rule);
  const Node object = object_;
  const Node old_object = old_object_;
  const auto set = [&](const Node& now, const Node& before, std::string_view operation) {
    object_ = now;
    old_object_ = before;
    operation_ = operation;
    context_.replace(std::array<std::string_view, 2>{"request", "object"}, now);
    context_.replace(std::array<std::string_view, 2>{"request", "oldObject"}, before);
    context_.replace(std::array<std::string_view, 2>{"request", "operation"}, text_node(operation));
  };
  set(old_object, {}, "CREATE");
  std::optional<Said> said;
  if (matches(rule)) {
    std::vector<std::string_view> unused;
    said = is_present(rule.validate->find("podSecurity")) ? validate_pod_security(rule, {}, unused)
           : is_present(rule.validate->find("assert"))
               ? validate_assertion(rule, nullptr)
               : validate_part(rule, *rule.validate, 0, nullptr);
  }
  set(object, old_object, "UPDATE");
  return said;
}

std::optional<Judgement::Said> Judgement::validate_part(const Rule& rule, const Node& part,
                                                        std::uint32_t nesting,
                                                        const Node* element) {
  if (nesting > 0) {
    load_context(rule, part.find("context"));
    const Node* conditions = part.find("preconditions");
    const Outcome<Held> held =
        evaluate_conditions(conditions == nullptr ? Node{} : *conditions, context_);
    if (!held) {
      return error("failed to evaluate preconditions", held.error());
    }
    if (!held->holds) {
      return Said{.verdict = Verdict::Skip, .message = "preconditions not met"};
    }
  }
  if (const Node* deny = part.find("deny"); is_present(deny)) {
    return validate_deny(rule, *deny);
  }
  if (is_present(part.find("pattern")) || is_present(part.find("anyPattern"))) {
    return validate_patterns(rule, part, nesting, element);
  }
  if (const Node* foreach = part.find("foreach"); is_present(foreach)) {
    return validate_foreach(rule, *foreach, nesting);
  }
  return std::nullopt;
}

std::optional<Judgement::Said> Judgement::validate_deny(const Rule& rule, const Node& deny) {
  const Node* conditions = deny.find("conditions");
  const Outcome<Held> held =
      evaluate_conditions(conditions == nullptr ? Node{} : *conditions, context_);
  if (!held) {
    return error("failed to check deny conditions", held.error());
  }
  const std::string_view name = policy_.records[rule.record].name;
  if (!held->holds) {
    return Said{.verdict = Verdict::Pass,
                .message = arena_.concat({"validation rule '", name, "' passed."})};
  }
  const std::string_view message = text_at(*rule.validate, "message");
  if (message.empty() && held->message.empty()) {
    return Said{.verdict = Verdict::Fail,
                .message = arena_.concat({"validation error: rule ", name, " failed"})};
  }
  std::string text(message);
  text += !text.empty() && !held->message.empty() ? "; " : "";
  text += held->message;
  const Outcome<Node> put = substitute_text(arena_.copy(text), context_);
  if (!put) {
    return Said{.verdict = Verdict::Fail, .message = arena_.copy(held->message)};
  }
  return Said{.verdict = Verdict::Fail,
              .message = put->is_string() ? put->text()
                                          : "the produced message didn't resolve to a string, "
                                            "check your policy definition."};
}

std::optional<Judgement::Said> Judgement::validate_patterns(const Rule& rule, const Node& part,
                                                            std::uint32_t nesting,
                                                            const Node* element) {
  if (element == nullptr && is_delete()) {
    return std::nullopt;
  }
  const Node& object = element == nullptr ? object_ : *element;
  if (nesting == 0 && rule.patterns.is_static) {
    return rule.patterns.one ? match_pattern(rule, *rule.patterns.one, object)
                             : match_any(rule, rule.patterns.any, object);
  }
  const Node* one = part.find("pattern");
  const bool is_one = is_present(one);
  const Outcome<Node> put = substitute(is_one ? *one : *part.find("anyPattern"), context_);
  if (!put) {
    return error("variable substitution failed", put.error());
  }
  const auto refused = [&](const pattern::CompileError& wrong) {
    return error("failed to read the pattern", {.message = wrong.message});
  };
  if (is_one) {
    auto compiled = pattern::Pattern::compile(*put);
    if (!compiled) {
      return refused(compiled.error());
    }
    return match_pattern(rule, *compiled, object);
  }
  if (!put->is_array()) {
    return error("failed to deserialize anyPattern, expected type array", {});
  }
  std::vector<pattern::Pattern> patterns;
  for (const Node& item : put->items()) {
    auto compiled = pattern::Pattern::compile(item, {}, pattern::NumberReading::AsDoubles);
    if (!compiled) {
      return refused(compiled.error());
    }
    patterns.push_back(std::move(*compiled));
  }
  return match_any(rule, patterns, object);
}

Judgement::Said Judgement::match_pattern(const Rule& rule, const pattern::Pattern& compiled,
                                         const Node& object) {
  const pattern::Outcome outcome = compiled.match(object, arena_);
  switch (outcome.verdict) {
    case pattern::Verdict::Pass:
      return {.verdict = Verdict::Pass,
              .message = arena_.concat(
                  {"validation rule '", policy_.records[rule.record].name, "' passed."})};
    case pattern::Verdict::Skip:
      return {.verdict = Verdict::Skip, .message = outcome.message};
    case pattern::Verdict::Fail:
      return {.verdict = Verdict::Fail,
              .message = failure_text(rule, outcome.path, outcome.message),
              .pointer = outcome.pointer};
    case pattern::Verdict::Error:
      break;
  }
  return {.verdict = Verdict::Error, .message = failure_text(rule, {}, outcome.message)};
}

// buildErrorMessage
std::string_view Judgement::failure_text(const Rule& rule, std::string_view path,
                                         std::string_view reason) {
  const std::string_view name = policy_.records[rule.record].name;
  const std::string_view message = text_at(*rule.validate, "message");
  need_rule_context(rule);
  if (message.empty()) {
    return path.empty()
               ? arena_.concat({"validation error: rule ", name, " execution error: ", reason})
               : arena_.concat({"validation error: rule ", name, " failed at path ", path});
  }
  const Outcome<Node> put = substitute_text(message, context_);
  if (!put || !put->is_string()) {
    return arena_.concat({"validation error: variables substitution error in rule ", name,
                          " execution error: ", reason});
  }
  const std::string_view text = put->text();
  const std::string_view dot = text.ends_with('.') ? "" : ".";
  return path.empty() ? arena_.concat({"validation error: ", text, dot, " rule ", name,
                                       " execution error: ", reason})
                      : arena_.concat({"validation error: ", text, dot, " rule ", name,
                                       " failed at path ", path});
}

Judgement::Said Judgement::match_any(const Rule& rule, std::span<const pattern::Pattern> patterns,
                                     const Node& object) {
  const std::string_view name = policy_.records[rule.record].name;
  std::string failures;
  std::string skips;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const pattern::Outcome outcome = patterns[i].match(object, arena_);
    switch (outcome.verdict) {
      case pattern::Verdict::Pass:
        return {.verdict = Verdict::Pass,
                .message = arena_.concat({"validation rule '", name, "' anyPattern[",
                                          fmt::format_int(i).c_str(), "] passed."})};
      case pattern::Verdict::Skip:
        skips += skips.empty() ? "" : " ";
        skips += fmt::format("rule {}[{}] skipped: {}", name, i, outcome.message);
        break;
      case pattern::Verdict::Fail:
        failures += failures.empty() ? "" : " ";
        failures += fmt::format("rule {}[{}] failed at path {}", name, i, outcome.path);
        break;
      case pattern::Verdict::Error:
        failures += failures.empty() ? "" : " ";
        failures += fmt::format("rule {}[{}] failed: {}", name, i, outcome.message);
        break;
    }
  }
  if (!skips.empty() && failures.empty()) {
    return {.verdict = Verdict::Skip, .message = arena_.copy(skips)};
  }
  const std::string_view message = text_at(*rule.validate, "message");
  if (failures.empty()) {
    return {.verdict = Verdict::Pass, .message = message};
  }
  if (message.empty()) {
    return {.verdict = Verdict::Fail,
            .message = arena_.concat({"validation error: ", arena_.copy(failures)})};
  }
  need_rule_context(rule);
  const Outcome<Node> put = substitute_text(message, context_);
  if (!put || !put->is_string()) {
    return {.verdict = Verdict::Fail,
            .message = arena_.concat({"validation error: variables substitution error in rule ",
                                      name, " execution error: ", arena_.copy(failures)})};
  }
  const std::string_view dot = put->text().ends_with('.') ? " " : ". ";
  return {
      .verdict = Verdict::Fail,
      .message = arena_.concat({"validation error: ", put->text(), dot, arena_.copy(failures)})};
}

std::optional<Judgement::Said> Judgement::validate_foreach(const Rule& rule, const Node& list,
                                                           std::uint32_t nesting) {
  if (nesting >= kNestingMax) {
    return error("failed to process foreach",
                 {.message = fmt::format("nested deeper than {}", kNestingMax)});
  }
  std::size_t applied = 0;
  std::optional<Failure> list_failure;
  for (const Node& foreach : list.items()) {
    const Outcome<std::vector<Node>> elements = elements_of(foreach);
    if (!elements && !context_.exhausted().empty()) {
      return error("failed to process foreach", elements.error());
    }
    if (!elements) {
      // A field that is not there has no elements.
      if (elements.error().message.find("Unknown key") == std::string::npos) {
        list_failure = elements.error();
      }
      continue;
    }
    const Node* scope = foreach.find("elementScope");
    context_.checkpoint();
    std::optional<Said> failed;
    for (std::size_t i = 0; i < elements->size() && !failed; ++i) {
      const Node& element = (*elements)[i];
      if (element.is_null()) {
        continue;
      }
      context_.reset();
      context_.add_element(element, static_cast<std::int64_t>(i), nesting);
      const bool is_map = element.is_object();
      const bool is_scoped = scope == nullptr || scope->is_null() ? is_map : scope->boolean();
      if (is_scoped && !is_map) {
        failed = error("failed to process foreach",
                       {.message = "cannot use elementScope=true foreach rules for elements that "
                                   "are not maps"});
        break;
      }
      std::optional<Said> said =
          validate_part(rule, foreach, nesting + 1, is_scoped ? &element : nullptr);
      if (!said || said->verdict == Verdict::Skip) {
        continue;
      }
      if (said->verdict == Verdict::Pass) {
        ++applied;
        continue;
      }
      if (said->verdict == Verdict::Error &&
          said->message.find("failed to evaluate preconditions") != std::string_view::npos &&
          !said->is_world_missing) {
        continue;
      }
      said->message = arena_.concat({"validation failure: ", said->message});
      failed = said;
    }
    context_.restore();
    if (failed) {
      return failed;
    }
  }
  if (applied == 0) {
    if (list_failure) {
      return error("failed to evaluate list", *list_failure);
    }
    return std::nullopt;
  }
  return Said{.verdict = Verdict::Pass, .message = "rule passed"};
}

std::optional<Judgement::Said> Judgement::validate_cel(const Rule& rule) {
  const CelInput input{.review = request_.review,
                       .object = object_,
                       .old_object = old_object_,
                       .world = request_.world,
                       .rule_name = policy_.records[rule.record].name,
                       .namespace_labels = request_.namespace_labels,
                       .policy_namespace = policy_.name_space};
  const CelVerdict verdict = judge_cel(*rule.cel, table_.cel, state_.cel, input, arena_);
  return Said{.verdict = verdict.verdict, .message = arena_.copy(verdict.message)};
}

// pkg/engine/api/engineresponse.go, failureActionForRule: overrides of the rule, the rule,
// overrides of the policy, the policy. The first override that matches decides.
bool Judgement::is_enforced(const Rule& rule) const {
  const bool written = policy_.records[rule.record].is_enforced;
  const Node* own =
      rule.validate == nullptr ? nullptr : rule.validate->find("failureActionOverrides");
  const Node* all = policy_.spec.find("validationFailureActionOverrides");
  if (own == nullptr && all == nullptr) {
    return written;
  }
  const Node& object = object_.is_null() ? old_object_ : object_;
  const Node* metadata = object.find("metadata");
  std::string_view name_space = metadata == nullptr ? "" : text_at(*metadata, "namespace");
  if (name_space.empty()) {
    name_space = request_.review->name_space;
  }
  const auto decided = [&](const Node* overrides) -> std::optional<bool> {
    if (overrides == nullptr) {
      return std::nullopt;
    }
    for (const Node& one : overrides->items()) {
      const std::string_view action = text_at(one, "action");
      const bool is_enforce = action == "Enforce" || action == "enforce";
      if (!is_enforce && action != "Audit" && action != "audit") {
        continue;
      }
      const Node* names = one.find("namespaces");
      if (is_present(names) && std::ranges::none_of(names->items(), [&](const Node& name) {
            return wildcard_match(name.text(), name_space);
          })) {
        continue;
      }
      const Node* selector = one.find("namespaceSelector");
      if (!is_present(selector) ||
          WildSelector::read(*selector).matches(request_.namespace_labels)) {
        return is_enforce;
      }
    }
    return std::nullopt;
  };
  if (const std::optional<bool> said = decided(own)) {
    return *said;
  }
  const bool has_own = rule.has_own_action;
  const std::optional<bool> said = has_own ? std::nullopt : decided(all);
  return said.value_or(written);
}

}  // namespace tally::kyverno::internal
