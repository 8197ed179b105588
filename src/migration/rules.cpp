#include "migration/internal/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "migration/internal/draft.hpp"

namespace tally::migration {

using document::Node;

namespace {

// Longer ones are left out: they only tell a skip from a pass.
constexpr std::size_t kSkipBytesMax = 400;

class RuleTranslator {
 public:
  RuleTranslator(const Node& rule, const RuleSurroundings& around)
      : rule_(rule),
        around_(around),
        scope_{.arena = around.arena,
               .reads = around.vocabulary.reads,
               .names = names_,
               .notes = plan_.notes} {}

  Outcome<RulePlan> run() {
    plan_.name = text_at(rule_, "name");
    for (const std::string_view part : {"generate", "verifyImages"}) {
      if (const Node* found = present(rule_, part); found != nullptr && found->size() > 0) {
        return refuse(fmt::format("{}: neither validates nor mutates", part), *found);
      }
    }
    auto matching = translate_match(rule_, around_.arena,
                                    {.kinds = around_.kinds, .is_extended = around_.is_extended});
    if (!matching) {
      return std::unexpected(matching.error());
    }
    plan_.matching = *std::move(matching);
    around_.vocabulary.add(plan_.matching);
    around_.vocabulary.is_extended = around_.vocabulary.is_extended || around_.is_extended;
    open_scope();
    if (auto done = read_context(present(rule_, "context")); !done) {
      return std::unexpected(done.error());
    }
    const Node* mutate = present(rule_, "mutate");
    const Node* validate = present(rule_, "validate");
    if (const Node* conditions = present(rule_, "preconditions")) {
      auto holds = translate_conditions(*conditions, scope_);
      if (!holds) {
        return std::unexpected(holds.error());
      }
      add_condition("preconditions", *holds);
    }
    if (const Node* conditions = present(rule_, "celPreconditions")) {
      for (const Node& condition : conditions->items()) {
        plan_.conditions.push_back({.name = std::string(text_at(condition, "name")),
                                    .expression = std::string(text_at(condition, "expression"))});
        around_.vocabulary.scan(plan_.conditions.back().expression);
      }
    }
    Outcome<void> done;
    if (validate != nullptr) {
      done = validation(*validate);
    } else if (mutate != nullptr) {
      plan_.kind = TargetKind::Mutating;
      done = translate_mutation(*mutate, scope_, plan_);
    } else {
      return refuse("a rule that does nothing that is known", rule_);
    }
    if (!done) {
      return std::unexpected(done.error());
    }
    return std::move(plan_);
  }

 private:
  void open_scope() {
    scope_.object = {.cel = "object"};
    const std::vector<MatchedKind>& kinds = plan_.matching.kinds;
    if (kinds.size() == 1 && kinds[0].row != nullptr) {
      scope_.object.type = policy_cel::SchemaType(*kinds[0].row);
    } else if (!kinds.empty() && std::ranges::all_of(kinds, [&](const MatchedKind& kind) {
                 return kind.kind == kinds[0].kind && kind.row != nullptr;
               })) {
      scope_.object.type = policy_cel::SchemaType(*kinds.back().row);
    } else if (!kinds.empty() && !plan_.matching.is_every_kind &&
               std::ranges::all_of(kinds,
                                   [](const MatchedKind& kind) { return kind.row != nullptr; })) {
      for (const MatchedKind& kind : kinds) {
        scope_.object.kinds.emplace_back(*kind.row);
      }
      scope_.object.type = scope_.object.kinds.front();
    }
    scope_.is_extended = around_.is_extended;
    scope_.operations = plan_.matching.operations;
    if (scope_.operations.empty()) {
      scope_.operations = {"CREATE", "UPDATE"};
    }
  }

  Outcome<void> read_context(const Node* context) {
    if (context == nullptr) {
      return {};
    }
    for (const Node& entry : context->items()) {
      const std::string name(text_at(entry, "name"));
      scope_.variables[name] = Term{};  // what the cluster is asked for: refused where it is used
      const Node* variable = present(entry, "variable");
      if (variable == nullptr) {
        continue;
      }
      if (auto term = variable_of(*variable)) {
        scope_.variables[name] = *std::move(term);
      }
    }
    return {};
  }

  Outcome<Term> variable_of(const Node& variable) {
    const Node* path = present(variable, "jmesPath");
    const Node* value = present(variable, "value");
    if (present(variable, "default") != nullptr || (path != nullptr && value != nullptr)) {
      return refuse("a variable with a default", variable);
    }
    if (value != nullptr &&
        (!value->is_string() || value->text().find("{{") == std::string::npos)) {
      return Term{.cel = primary(literal(*value)), .kind = kind_of(*value)};
    }
    std::string text;
    if (value != nullptr) {
      auto parts = split_variables(*value);
      if (!parts || parts->size() != 1) {
        return refuse("a variable made of texts", variable);
      }
      text = parts->front().text;
    } else if (path != nullptr) {
      text = path->text();
    }
    const Node& at = path != nullptr ? *path : variable;
    auto jmes = parse_jmespath(text, at, around_.arena);
    if (!jmes) {
      return std::unexpected(jmes.error());
    }
    return ExpressionTranslator(scope_, at).value(*jmes);
  }

  void note(std::string text) {
    if (std::ranges::find(plan_.notes, text) == plan_.notes.end()) {
      plan_.notes.push_back(std::move(text));
    }
  }

  void add_condition(std::string_view name, const Cel& cel) {
    if (!cel.is_true()) {
      plan_.conditions.push_back({.name = std::string(name), .expression = laid_out(cel)});
    }
  }

  void add_validation(const Node& validate, const Cel& ok) {
    Validation out{.expression = laid_out(ok)};
    if (const Node* message = present(validate, "message")) {
      set_message(*message, out);
    }
    plan_.validations.push_back(std::move(out));
  }

  void set_message(const Node& message, Validation& out) {
    if (message.text().find("{{") == std::string_view::npos) {
      out.message = trim(message.text());
      return;
    }
    if (const auto text = translate_text(message, scope_)) {
      out.message_expression = text->text;
      return;
    }
    out.message = trim(message.text());
    for (const auto& [from, to] : {std::pair{"{{", "<"}, std::pair{"}}", ">"}}) {
      for (std::size_t at = out.message.find(from); at != std::string::npos;
           at = out.message.find(from)) {
        out.message.replace(at, 2, to);
      }
    }
    plan_.notes.emplace_back("the message shows the names of its variables instead of values");
  }

  Outcome<void> validation(const Node& validate) {
    const Node* existing = present(validate, "allowExistingViolations");
    const std::vector<std::string>& operations = scope_.operations;
    const auto is_about = [&](std::string_view operation) {
      return std::ranges::find(operations, operation) != operations.end();
    };
    if ((existing == nullptr || existing->boolean()) && is_about("UPDATE") && is_about("CREATE") &&
        present(validate, "cel") == nullptr) {
      note(
          "an UPDATE of an object that broke the rule before is denied now; the classic rule let "
          "it "
          "pass");
    }
    if (const Node* cel = present(validate, "cel")) {
      return take_cel(*cel);
    }
    for (const auto& [part, why] :
         {std::pair{"podSecurity",
                    "checks of Pod Security are no expressions; use its admission "
                    "labels, or tally assess --pod-security"},
          std::pair{"manifests", "signatures of manifests"},
          std::pair{"assert", "assertion trees"}}) {
      if (const Node* found = present(validate, part)) {
        return refuse(fmt::format("{}: {}", part, why), *found);
      }
    }
    if (const Node* foreach = present(validate, "foreach")) {
      Cel ok = always(true);
      for (const Node& one : foreach->items()) {
        auto holds = over_elements(one, 0);
        if (!holds) {
          return std::unexpected(holds.error());
        }
        ok = both(ok, *holds);
      }
      add_validation(validate, ok);
      return {};
    }
    auto judged = part(validate, scope_.object);
    if (!judged) {
      return std::unexpected(judged.error());
    }
    if (!judged->skip.is_false() && judged->skip.text.size() < kSkipBytesMax) {
      add_condition("pattern-applies", negated(judged->skip));
      plan_.may_share = false;
    }
    add_validation(validate, judged->ok);
    return {};
  }

  // deny, pattern or anyPattern
  Outcome<Judged> part(const Node& of, const Place& object) {
    if (const Node* deny = present(of, "deny")) {
      if (plan_.matching.operations.empty()) {
        note(
            "on DELETE the classic rule judged the old object; this policy is about CREATE and "
            "UPDATE");
      }
      const Node* conditions = present(*deny, "conditions");
      auto holds = translate_conditions(conditions == nullptr ? Node{} : *conditions, scope_);
      if (!holds) {
        return std::unexpected(holds.error());
      }
      return Judged{.ok = negated(*holds)};
    }
    PatternContext context{.reads = scope_.reads, .names = names_, .notes = plan_.notes};
    if (const Node* pattern = present(of, "pattern")) {
      return translate_pattern(*pattern, object, context);
    }
    if (const Node* patterns = present(of, "anyPattern")) {
      return translate_any_pattern(*patterns, object, context);
    }
    return refuse("a validation that is not known", of);
  }

  Outcome<Cel> over_elements(const Node& foreach, std::size_t depth) {
    const Node* list = present(foreach, "list");
    if (list == nullptr || depth > 8) {
      return refuse("a foreach without a list", foreach);
    }
    std::string_view text = trim(list->text());
    if (text.find("{{") != std::string_view::npos) {
      return refuse("variables in the list of a foreach", *list);
    }
    auto jmes = parse_jmespath(text, *list, around_.arena);
    if (!jmes) {
      return std::unexpected(jmes.error());
    }
    auto elements = ExpressionTranslator(scope_, *list).list(*jmes);
    if (!elements) {
      return std::unexpected(elements.error());
    }
    std::string_view last = "element";
    for (const std::string& step : elements->path) {
      last = step == kEveryElement ? last : std::string_view(step);
    }
    const std::string name = names_.open(last);
    const Place element = element_of({.cel = elements->text(),
                                      .type = elements->type,
                                      .path = elements->path,
                                      .kinds = elements->kinds},
                                     name);
    const std::optional<Term> outer = std::exchange(scope_.element, term_of(element));
    const auto variables = scope_.variables;
    auto ok = over_element(foreach, element, depth);
    scope_.element = outer;
    scope_.variables = variables;
    names_.close();
    if (!ok) {
      return ok;
    }
    return over(elements->text(), "all", name, *ok);
  }

  Outcome<Cel> over_element(const Node& foreach, const Place& element, std::size_t depth) {
    if (auto done = read_context(present(foreach, "context")); !done) {
      return std::unexpected(done.error());
    }
    const Node* conditions = present(foreach, "preconditions");
    auto applies = translate_conditions(conditions == nullptr ? Node{} : *conditions, scope_);
    if (!applies) {
      return applies;
    }
    Outcome<Judged> judged;
    if (const Node* nested = present(foreach, "foreach")) {
      Cel ok = always(true);
      for (const Node& one : nested->items()) {
        auto holds = over_elements(one, depth + 1);
        if (!holds) {
          return holds;
        }
        ok = both(ok, *holds);
      }
      judged = Judged{.ok = ok};
    } else {
      judged = part(foreach, element);
    }
    if (!judged) {
      return std::unexpected(judged.error());
    }
    return either(negated(*applies), judged->ok);
  }

  Outcome<void> take_cel(const Node& cel) {
    for (const std::string_view field : {"paramKind", "paramRef"}) {
      if (const Node* params = present(cel, field)) {
        return refuse("parameters of CEL rules: the new kinds have none", *params);
      }
    }
    if (const Node* variables = present(cel, "variables")) {
      for (const Node& variable : variables->items()) {
        plan_.variables.push_back({.name = std::string(text_at(variable, "name")),
                                   .expression = std::string(text_at(variable, "expression"))});
        around_.vocabulary.scan_variable(plan_.variables.back().name,
                                         plan_.variables.back().expression);
      }
    }
    if (const Node* annotations = present(cel, "auditAnnotations")) {
      for (const Node& annotation : annotations->items()) {
        plan_.audit_annotations.push_back(
            {.name = std::string(text_at(annotation, "key")),
             .expression = std::string(text_at(annotation, "valueExpression"))});
      }
    }
    const Node* expressions = present(cel, "expressions");
    if (expressions == nullptr || expressions->size() == 0) {
      return refuse("a CEL rule without expressions", cel);
    }
    for (const Node& one : expressions->items()) {
      const std::string_view expression = text_at(one, "expression");
      if (expression.find("authorizer") != std::string_view::npos) {
        return refuse("the authorizer: the new kinds do not have it", one);
      }
      plan_.validations.push_back(
          {.expression = std::string(expression),
           .message = std::string(text_at(one, "message")),
           .message_expression = std::string(text_at(one, "messageExpression"))});
      if (plan_.validations.back().message.empty() &&
          plan_.validations.back().message_expression.empty()) {
        plan_.validations.back().message = trim(text_at(*present(rule_, "validate"), "message"));
      }
      around_.vocabulary.scan(expression);
    }
    return {};
  }

  const Node& rule_;
  const RuleSurroundings& around_;
  Names names_;
  RulePlan plan_;
  Scope scope_;
};

}  // namespace

Outcome<RulePlan> translate_rule(const Node& rule, const RuleSurroundings& surroundings) {
  return RuleTranslator(rule, surroundings).run();
}

}  // namespace tally::migration
