#include "kyverno/internal/policy_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "kyverno/internal/substitution.hpp"
#include "kyverno/internal/variable_scan.hpp"
#include "pattern/condition.hpp"
#include "scalar/cron.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

constexpr std::string_view kGroup = "kyverno.io";
constexpr std::size_t kDepthMax = 512;

constexpr std::uint8_t bit(Phase phase) noexcept {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(phase));
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// The phases of a rule, by what it holds.
std::uint8_t phases_of(const Rule& rule) {
  std::uint8_t phases = 0;
  if (rule.validate != nullptr) {
    phases |= bit(Phase::Validate);
  }
  if (rule.mutate != nullptr) {
    phases |= bit(Phase::Mutate);
  }
  if (rule.generate != nullptr) {
    phases |= bit(Phase::Generate);
  }
  if (rule.verify_images != nullptr) {
    phases |= bit(Phase::VerifyImages);
    if (rule.has_image_checks) {
      phases |= bit(Phase::Validate);
    }
  }
  return phases;
}

RuleType type_of(const Rule& rule) {
  return rule.mutate != nullptr          ? RuleType::Mutation
         : rule.generate != nullptr      ? RuleType::Generation
         : rule.verify_images != nullptr ? RuleType::ImageVerify
                                         : RuleType::Validation;
}

const Node* filled(const Node& of, std::string_view field) {
  const Node* value = of.find(field);
  return value != nullptr && value->size() > 0 ? value : nullptr;
}

class PolicyReader {
 public:
  PolicyReader(PolicySet::Table& table, const kube::Object& object,
               std::vector<LoadProblem>& problems)
      : table_(table),
        object_(object),
        problems_(problems),
        entry_(table.policies.emplace_back()) {}

  void read() {
    entry_.object = &object_;
    entry_.name = object_.ref.name;
    const bool is_namespaced = object_.ref.kind == "Policy" || object_.ref.kind == "CleanupPolicy";
    if (is_namespaced) {
      entry_.name_space =
          object_.ref.name_space.empty() ? std::string_view("default") : object_.ref.name_space;
    }
    entry_.key = entry_.name_space.empty() ? std::string(entry_.name)
                                           : fmt::format("{}/{}", entry_.name_space, entry_.name);
    const Node* spec = object_.root.find("spec");
    if (spec == nullptr || !spec->is_object()) {
      problem("/spec", object_.root, "spec is required", true);
      return;
    }
    entry_.spec = *spec;
    if (object_.ref.kind == "ClusterCleanupPolicy" || object_.ref.kind == "CleanupPolicy") {
      entry_.kind = is_namespaced ? PolicyKind::CleanupPolicy : PolicyKind::ClusterCleanupPolicy;
      read_cleanup();
      return;
    }
    entry_.kind = is_namespaced ? PolicyKind::Policy : PolicyKind::ClusterPolicy;
    entry_.is_apply_one = text_at(*spec, "applyRules") == "One";
    if (const Node* value = spec->find("useServerSideApply"); value != nullptr) {
      entry_.is_server_side_apply = value->boolean();
    }
    if (const Node* conditions = at(*spec, {"webhookConfiguration", "matchConditions"});
        conditions != nullptr && conditions->size() > 0) {
      entry_.match_conditions = CelRule::load_conditions(
          table_.cel, *conditions, "/spec/webhookConfiguration/matchConditions", object_,
          problems_);
    }
    read_rules();
  }

 private:
  void problem(std::string pointer, const Node& place, std::string message, bool is_refused,
               LoadProblem::Kind kind = LoadProblem::Kind::Invalid) {
    problems_.push_back({.kind = kind,
                         .object = &object_,
                         .pointer = std::move(pointer),
                         .offset = place.offset(),
                         .message = std::move(message),
                         .is_refused = is_refused});
  }

  void read_rules() {
    const Node* rules = entry_.spec.find("rules");
    if (rules == nullptr || rules->size() == 0) {
      problem("/spec/rules", entry_.spec, "a policy needs rules", true);
      return;
    }
    Autogen autogen = generate_rules(table_.arena, object_.root);
    entry_.autogen_kinds = std::move(autogen.kinds);
    for (std::size_t i = 0; i < rules->size(); ++i) {
      read_rule(rules->items()[i], i, MadeFor::Everything);
    }
    for (const GeneratedRule& generated : autogen.rules) {
      read_rule(generated.rule, generated.written, generated.made_for);
    }
    // A written rule that carries a name of autogen stands aside when rules are generated.
    if (!autogen.rules.empty()) {
      std::erase_if(entry_.rules, [&](const Rule& rule) {
        return rule.made_for == MadeFor::Everything &&
               entry_.records[rule.record].name.starts_with("autogen-");
      });
    }
    for (const Rule& rule : entry_.rules) {
      entry_.phases |= rule.phases;
    }
  }

  void read_rule(const Node& node, std::size_t written, MadeFor made_for) {
    const std::string pointer = fmt::format("/spec/rules/{}", written);
    const Node& original = entry_.spec.find("rules")->items()[written];
    const bool is_written = made_for == MadeFor::Everything;
    if (!node.is_object()) {
      problem(pointer, original, "a rule must be a map", true);
      return;
    }
    Rule rule;
    rule.node = node;
    rule.made_for = made_for;
    rule.context = filled(rule.node, "context");
    rule.preconditions = rule.node.find("preconditions");
    rule.validate = filled(rule.node, "validate");
    rule.mutate = filled(rule.node, "mutate");
    rule.generate = filled(rule.node, "generate");
    rule.verify_images = filled(rule.node, "verifyImages");
    if (const Node* match = rule.node.find("match"); match != nullptr) {
      rule.match = MatchBlock::read(*match);
    } else if (is_written) {
      problem(pointer + "/match", original, "match is required", false);
    }
    if (const Node* exclude = rule.node.find("exclude");
        exclude != nullptr && exclude->is_object()) {
      rule.exclude = MatchBlock::read(*exclude);
    }
    if (const Node* extractors = rule.node.find("imageExtractors"); extractors != nullptr) {
      rule.image_extractors = *extractors;
    }
    if (rule.verify_images != nullptr) {
      // Both are true unless the rule says otherwise (api/kyverno/v1, kubebuilder defaults), but
      // the command line knows no defaults of the API: what is not written is false.
      rule.has_image_checks = std::ranges::any_of(rule.verify_images->items(), [](const Node& one) {
        const Node* digest = one.find("verifyDigest");
        const Node* required = one.find("required");
        return (digest != nullptr && digest->boolean()) ||
               (required != nullptr && required->boolean());
      });
    }
    rule.phases = phases_of(rule);
    if (rule.phases == 0 && is_written) {
      problem(pointer, original,
              fmt::format("No operation defined in the rule '{}'.(supported operations: "
                          "mutate,validate,generate,verifyImages)",
                          text_at(node, "name")),
              true);
    }
    if (rule.validate != nullptr) {
      read_validation(rule, pointer, is_written);
    }
    if (is_written) {
      compile_variables(node, 0);
      check_conditions(rule.preconditions, pointer + "/preconditions");
      if (rule.validate != nullptr) {
        check_conditions(at(*rule.validate, {"deny", "conditions"}),
                         pointer + "/validate/deny/conditions");
      }
    } else {
      compile_variables(node, 0);
    }
    rule.record = static_cast<std::uint32_t>(entry_.records.size());
    entry_.records.push_back(record_of(rule, original, pointer, is_written));
    entry_.rules.push_back(std::move(rule));
  }

  RuleRecord record_of(Rule& rule, const Node& original, const std::string& pointer,
                       bool is_written) {
    RuleRecord record{.name = text_at(rule.node, "name"),
                      .written = text_at(original, "name"),
                      .type = type_of(rule),
                      .is_autogen = !is_written,
                      .pointer = table_.arena.copy(pointer),
                      .offset = original.offset()};
    std::string_view action = text_at(entry_.spec, "validationFailureAction");
    if (rule.validate != nullptr) {
      record.message = text_at(*rule.validate, "message");
      if (const std::string_view own = text_at(*rule.validate, "failureAction"); !own.empty()) {
        action = own;
        rule.has_own_action = true;
      }
    } else if (rule.verify_images != nullptr) {
      // One that enforces wins (pkg/engine/api/engineresponse.go, ruleAction).
      for (const Node& one : rule.verify_images->items()) {
        const std::string_view own = text_at(one, "failureAction");
        if (!own.empty() && (!rule.has_own_action || equals_ignoring_case(own, "enforce"))) {
          action = own;
          rule.has_own_action = true;
        }
      }
    }
    record.is_enforced = equals_ignoring_case(action, "enforce");
    if (const Node* severity =
            at(object_.root, {"metadata", "annotations", "policies.kyverno.io/severity"});
        severity != nullptr && severity->is_string()) {
      record.severity = severity->text();
    }
    return record;
  }

  void read_validation(Rule& rule, const std::string& pointer, bool is_written) {
    const Node& validate = *rule.validate;
    if (const Node* cel = validate.find("cel"); cel != nullptr && cel->is_object()) {
      std::vector<LoadProblem> found;
      rule.cel = CelRule::load(table_.cel, rule.node, pointer, object_, found);
      if (is_written) {
        problems_.insert(problems_.end(), found.begin(), found.end());
      }
      return;
    }
    if (const Node* tree = validate.find("assert"); tree != nullptr && !tree->is_null()) {
      return read_assertion(rule, *tree, pointer, is_written);
    }
    const Node* one = validate.find("pattern");
    const Node* any = validate.find("anyPattern");
    if ((one == nullptr || has_variables(*one)) && (any == nullptr || has_variables(*any))) {
      return;
    }
    rule.patterns.is_static = true;
    const auto compile = [&](const Node& node,
                             pattern::NumberReading numbers) -> std::optional<pattern::Pattern> {
      auto compiled = pattern::Pattern::compile(node, {}, numbers);
      if (compiled) {
        return std::move(*compiled);
      }
      if (is_written) {
        problem(pointer + "/validate", validate, compiled.error().message, false);
      }
      rule.patterns.is_static = false;  // the rule says so when it is applied
      return std::nullopt;
    };
    if (one != nullptr && !one->is_null()) {
      rule.patterns.one = compile(*one, pattern::NumberReading::AsWritten);
    } else if (any != nullptr) {
      for (const Node& item : any->items()) {
        if (auto compiled = compile(item, pattern::NumberReading::AsDoubles); compiled) {
          rule.patterns.any.push_back(std::move(*compiled));
        }
      }
    }
  }

  // Kyverno 1.18 pkg/validation/policy/validate.go: the names of the context become variables.
  void read_assertion(Rule& rule, const Node& tree, const std::string& rule_pointer,
                      bool is_written) {
    for (std::size_t i = 0; rule.context != nullptr && i < rule.context->size(); ++i) {
      const Node& entry = rule.context->items()[i];
      const std::string_view name = text_at(entry, "name");
      const bool is_word = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
      });
      if (!is_word && is_written) {
        problem(fmt::format("{}/context/{}/name", rule_pointer, i), entry,
                fmt::format("context entry name {} is invalid, it must be a single word when the "
                            "validation rule uses `assert`",
                            name),
                false);
      }
    }
    auto compiled = Assertion::compile(tree, {});
    if (compiled) {
      rule.assertion = std::move(*compiled);
    } else if (is_written) {
      problem(rule_pointer + "/validate/assert" + compiled.error().pointer, compiled.error().place,
              std::move(compiled.error().message), true, LoadProblem::Kind::DoesNotCompile);
    }
  }

  // Expressions that stand in the policy as they are.
  void compile_variables(const Node& node, std::size_t depth) {
    if (depth > kDepthMax) {
      return;
    }
    if (node.is_string()) {
      compile_texts(node.text());
      return;
    }
    for (const document::Member member : node.members()) {
      compile_texts(member.key);
      if ((member.key == "jmesPath" || member.key == "list") && member.value.is_string() &&
          member.value.text().find("{{") == std::string_view::npos) {
        table_.expressions.add(trim(member.value.text()), jmespath::Names::Intern);
      }
    }
    for (const Node& item : node.items()) {
      compile_variables(item, depth + 1);
    }
  }

  void compile_texts(std::string_view text) {
    for (std::optional<Span> found = find_variable(text, 0); found;
         found = find_variable(text, found->end)) {
      const VariableText variable =
          variable_text(text.substr(found->begin + 2, found->end - found->begin - 4));
      if (variable.expression != "@" && !variable.expression.empty()) {
        table_.expressions.add(variable.expression, jmespath::Names::Intern);
      }
    }
  }

  void check_conditions(const Node* conditions, const std::string& pointer) {
    if (conditions == nullptr) {
      return;
    }
    const auto check = [&](const Node& list, const std::string& place) {
      for (std::size_t i = 0; i < list.size(); ++i) {
        const Node& condition = list.items()[i];
        const std::string_view op = text_at(condition, "operator");
        if (!op.empty() && !pattern::parse_operator(op)) {
          problem(fmt::format("{}/{}/operator", place, i), condition,
                  fmt::format("unknown operator \"{}\"", op), false);
        }
      }
    };
    if (conditions->is_array()) {
      check(*conditions, pointer);
    } else {
      for (const std::string_view field : {"any", "all"}) {
        if (const Node* list = conditions->find(field); list != nullptr) {
          check(*list, fmt::format("{}/{}", pointer, field));
        }
      }
    }
  }

  // api/kyverno/v2/cleanup_policy_types.go, ValidateSchedule
  bool read_schedule() {
    const Node* schedule = entry_.spec.find("schedule");
    if (schedule == nullptr || !schedule->is_string()) {
      problem("/spec/schedule", schedule == nullptr ? entry_.spec : *schedule,
              "schedule is required, a text", true);
      return false;
    }
    entry_.schedule = schedule->text();
    if (const auto cron = scalar::Cron::parse(entry_.schedule, scalar::Cron::Syntax::Standard);
        !cron) {
      problem("/spec/schedule", *schedule,
              fmt::format("schedule spec in the cleanupPolicy is not in proper cron format: {}",
                          cron.error().message),
              true);
      return false;
    }
    return true;
  }

  void read_cleanup() {
    if (!read_schedule()) {
      return;
    }
    Rule rule;
    rule.node = entry_.spec;
    rule.context = filled(entry_.spec, "context");
    rule.preconditions = filled(entry_.spec, "conditions");
    if (const Node* match = entry_.spec.find("match"); match != nullptr) {
      rule.match = MatchBlock::read(*match);
    }
    if (const Node* exclude = entry_.spec.find("exclude");
        exclude != nullptr && exclude->is_object()) {
      rule.exclude = MatchBlock::read(*exclude);
    }
    rule.phases = bit(Phase::Cleanup);
    entry_.phases = rule.phases;
    entry_.records.push_back({.name = entry_.name,
                              .written = entry_.name,
                              .type = RuleType::Cleanup,
                              .pointer = "/spec",
                              .offset = entry_.spec.offset()});
    compile_variables(entry_.spec, 0);
    entry_.rules.push_back(std::move(rule));
  }

  PolicySet::Table& table_;
  const kube::Object& object_;
  std::vector<LoadProblem>& problems_;
  PolicyEntry& entry_;
};

}  // namespace

bool is_policy(const kube::Object& object) noexcept {
  return object.ref.group == kGroup &&
         (object.ref.kind == "ClusterPolicy" || object.ref.kind == "Policy" ||
          object.ref.kind == "ClusterCleanupPolicy" || object.ref.kind == "CleanupPolicy");
}

bool is_exception(const kube::Object& object) noexcept {
  return object.ref.group == kGroup && object.ref.kind == "PolicyException";
}

void read_policy(PolicySet::Table& table, const kube::Object& object,
                 std::vector<LoadProblem>& problems) {
  PolicyReader(table, object, problems).read();
}

void read_exception(PolicySet::Table& table, const kube::Object& object,
                    std::vector<LoadProblem>& problems) {
  const Node* spec = object.root.find("spec");
  const Node* match = spec == nullptr ? nullptr : spec->find("match");
  const Node* list = spec == nullptr ? nullptr : spec->find("exceptions");
  if (match == nullptr || list == nullptr) {
    problems.push_back({.kind = LoadProblem::Kind::Invalid,
                        .object = &object,
                        .pointer = "/spec",
                        .offset = object.root.offset(),
                        .message = "an exception needs match and exceptions",
                        .is_refused = true});
    return;
  }
  ExceptionEntry entry{
      .key = table.arena.concat(
          {object.ref.name_space, object.ref.name_space.empty() ? "" : "/", object.ref.name}),
      .object = &object,
      .match = MatchBlock::read(*match),
      .conditions = {},
      .pod_security = {},
      .exceptions = *list};
  if (const Node* conditions = spec->find("conditions"); conditions != nullptr) {
    entry.conditions = *conditions;
  }
  if (const Node* controls = spec->find("podSecurity"); controls != nullptr) {
    entry.pod_security = *controls;
  }
  table.exceptions.push_back(std::move(entry));
}

void finish_table(PolicySet::Table& table) {
  for (PolicyEntry& policy : table.policies) {
    for (const ExceptionEntry& exception : table.exceptions) {
      const bool names = std::ranges::any_of(exception.exceptions.items(), [&](const Node& item) {
        return text_at(item, "policyName") == policy.key;
      });
      if (names) {
        policy.exceptions.push_back(&exception);
      }
    }
    table.records.push_back({.kind = policy.kind,
                             .object = policy.object,
                             .name = policy.name,
                             .name_space = policy.name_space,
                             .rules = policy.records,
                             .schedule = policy.schedule});
  }
}

}  // namespace tally::kyverno::internal
