#include "admission_policy/internal/policy_reader.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kube/objects.hpp"

namespace tally::admission_policy {

namespace {

using document::Name;
using document::Node;
using policy_cel::CompileError;
using policy_cel::kNoProgram;
using policy_cel::ProgramId;
using policy_cel::Returns;
using policy_cel::Surroundings;

const Name kSpec{"spec"};
const Name kName{"name"};
const Name kExpression{"expression"};
const Name kMatchConstraints{"matchConstraints"};
const Name kMatchConditions{"matchConditions"};
const Name kMatchResources{"matchResources"};
const Name kVariables{"variables"};
const Name kValidations{"validations"};
const Name kMessage{"message"};
const Name kMessageExpression{"messageExpression"};
const Name kReason{"reason"};
const Name kAuditAnnotations{"auditAnnotations"};
const Name kKey{"key"};
const Name kValueExpression{"valueExpression"};
const Name kFailurePolicy{"failurePolicy"};
const Name kReinvocationPolicy{"reinvocationPolicy"};
const Name kParamKind{"paramKind"};
const Name kApiVersion{"apiVersion"};
const Name kKind{"kind"};
const Name kMutations{"mutations"};
const Name kPatchType{"patchType"};
const Name kJsonPatch{"jsonPatch"};
const Name kApplyConfiguration{"applyConfiguration"};
const Name kPolicyName{"policyName"};
const Name kValidationActions{"validationActions"};
const Name kParamRef{"paramRef"};
const Name kNamespace{"namespace"};
const Name kSelector{"selector"};
const Name kParameterNotFoundAction{"parameterNotFoundAction"};

constexpr std::string_view kWhite = " \t\n\v\f\r";

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(kWhite);
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

const Node* present(const Node* node) noexcept {
  return node == nullptr || node->is_null() ? nullptr : node;
}

}  // namespace

// One object being read: where it is, and what is wrong with it.
class PolicyReader::Fields {
 public:
  Fields(const kube::Object& object, bool is_given, std::vector<LoadProblem>& problems)
      : object_(object), is_given_(is_given), problems_(problems) {}

  [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }

  void report(LoadProblem::Kind kind, std::string pointer, std::uint32_t offset,
              std::string message) {
    is_refused_ = true;
    problems_.push_back({.kind = kind,
                         .object = &object_,
                         .pointer = std::move(pointer),
                         .offset = offset,
                         .message = std::move(message),
                         .is_refused = true,
                         .is_given = is_given_});
  }
  void invalid(std::string pointer, const Node& at, std::string message) {
    report(LoadProblem::Kind::Invalid, std::move(pointer), at.offset(), std::move(message));
  }
  void add(std::vector<policy_cel::FieldProblem> found) {
    for (policy_cel::FieldProblem& problem : found) {
      report(LoadProblem::Kind::Invalid, std::move(problem.pointer), problem.offset,
             std::move(problem.message));
    }
  }

  // The text of a field; "" when it is absent. A value of another kind is reported.
  std::string_view text(const Node& map, const Name& field, const std::string& pointer) {
    const Node* value = present(map.find(field));
    if (value == nullptr) {
      return {};
    }
    if (!value->is_string()) {
      invalid(pointer + "/" + std::string(field.text()), *value,
              "expected a string, found a " + std::string(document::kind_name(value->kind())));
      return {};
    }
    return value->text();
  }

  // One of the words, or the first of them when it is absent.
  std::size_t choice(const Node& map, const Name& field, const std::string& pointer,
                     std::span<const std::string_view> words) {
    const std::string_view found = text(map, field, pointer);
    if (found.empty()) {
      return 0;
    }
    const auto word = std::ranges::find(words, found);
    if (word == words.end()) {
      std::string message = "Unsupported value: \"" + std::string(found) + "\": supported values:";
      for (std::size_t i = 0; i < words.size(); ++i) {
        message += (i == 0 ? " \"" : ", \"") + std::string(words[i]) + "\"";
      }
      invalid(pointer + "/" + std::string(field.text()), *map.find(field), std::move(message));
      return 0;
    }
    return static_cast<std::size_t>(word - words.begin());
  }

  // The maps of a list; what is no map is reported and left out.
  struct Item {
    const Node* node = nullptr;
    std::string pointer;
  };
  std::vector<Item> maps(const Node& map, const Name& field, const std::string& pointer) {
    std::vector<Item> found;
    const Node* list = present(map.find(field));
    if (list == nullptr) {
      return found;
    }
    const std::string base = pointer + "/" + std::string(field.text());
    if (!list->is_array()) {
      invalid(base, *list,
              "expected a list, found a " + std::string(document::kind_name(list->kind())));
      return found;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Node& item = list->items()[i];
      std::string at = base + "/" + std::to_string(i);
      if (item.is_object()) {
        found.push_back({&item, std::move(at)});
      } else {
        invalid(std::move(at), item,
                "expected a map, found a " + std::string(document::kind_name(item.kind())));
      }
    }
    return found;
  }

  [[nodiscard]] const kube::Object& object() const noexcept { return object_; }

  void compile_problem(const std::string& pointer, const Node& at, const CompileError& error) {
    report(LoadProblem::Kind::DoesNotCompile, pointer, at.offset(), error.message);
  }

 private:
  const kube::Object& object_;
  bool is_given_;
  std::vector<LoadProblem>& problems_;
  bool is_refused_ = false;
};

namespace {

// Reads and compiles the parts of one policy.
template <class Fields>
class PolicyParts {
 public:
  PolicyParts(Fields& fields, policy_cel::Expressions& expressions, Policy& policy,
              const Node& spec)
      : fields_(fields), expressions_(expressions), policy_(policy), spec_(spec) {}

  void read() {
    static constexpr std::array<std::string_view, 2> kFailurePolicies{"Fail", "Ignore"};
    policy_.ignores_failures =
        fields_.choice(spec_, kFailurePolicy, "/spec", kFailurePolicies) == 1;
    read_param_kind();
    read_constraints();
    read_conditions();
    read_variables();
    if (policy_.kind == PolicyKind::Validating) {
      read_validations();
      read_audit_annotations();
      if (policy_.validations.empty() && policy_.audit.empty() && !fields_.is_refused()) {
        fields_.invalid("/spec/validations", spec_,
                        "Required value: validations or auditAnnotations must contain at least "
                        "one item");
      }
    } else {
      static constexpr std::array<std::string_view, 2> kReinvocations{"Never", "IfNeeded"};
      policy_.is_reinvoked =
          fields_.choice(spec_, kReinvocationPolicy, "/spec", kReinvocations) == 1;
      read_mutations();
    }
  }

 private:
  [[nodiscard]] Surroundings surroundings(bool authorizer) const noexcept {
    return {.variables = has_variables_,
            .params = policy_.param_kind.is_set,
            .authorizer = authorizer,
            .patch_types = false};
  }

  // An expression under `field`, compiled; a problem where it is absent and required.
  PolicyExpression expression(const Node& map, const Name& field, const std::string& pointer,
                              Returns returns, const Surroundings& around) {
    PolicyExpression found;
    const std::string at = pointer + "/" + std::string(field.text());
    found.text = fields_.text(map, field, pointer);
    if (trimmed(found.text).empty()) {
      fields_.invalid(at, map, "Required value: expression is not specified");
      return found;
    }
    const Node& node = *map.find(field);
    found.pointer = at;
    found.offset = node.offset();
    auto compiled = expressions_.compile(found.text, returns, policy_.scope, around);
    if (compiled) {
      found.program = *compiled;
    } else {
      fields_.compile_problem(at, node, compiled.error());
    }
    return found;
  }

  void read_param_kind() {
    const Node* kind = present(spec_.find(kParamKind));
    if (kind == nullptr) {
      return;
    }
    const std::string_view version = fields_.text(*kind, kApiVersion, "/spec/paramKind");
    const std::string_view name = fields_.text(*kind, kKind, "/spec/paramKind");
    const auto parts = kube::split_api_version(version);
    if (version.empty() || !parts) {
      fields_.invalid("/spec/paramKind/apiVersion", *kind,
                      version.empty() ? "Required value"
                                      : "unexpected GroupVersion string: " + std::string(version));
      return;
    }
    if (name.empty()) {
      fields_.invalid("/spec/paramKind/kind", *kind, "Required value");
      return;
    }
    policy_.param_kind = {.is_set = true,
                          .group = parts->group,
                          .version = parts->version,
                          .kind = name,
                          .scope = kube::Scope::Namespaced};
  }

  void read_constraints() {
    const Node* constraints = present(spec_.find(kMatchConstraints));
    if (constraints == nullptr) {
      return fields_.invalid("/spec/matchConstraints", spec_, "Required value");
    }
    std::vector<policy_cel::FieldProblem> found;
    policy_.match = policy_cel::MatchResources::read(*constraints, "/spec/matchConstraints", found);
    if (policy_.match.rules().empty() && found.empty()) {
      fields_.invalid("/spec/matchConstraints/resourceRules", *constraints, "Required value");
    }
    fields_.add(std::move(found));
    if (policy_.kind == PolicyKind::Mutating) {
      check_mutating_operations(policy_.match, "/spec/matchConstraints", *constraints);
    }
  }

  // It is only possible to mutate create and update requests.
  void check_mutating_operations(const policy_cel::MatchResources& match,
                                 const std::string& pointer, const Node& at) {
    for (const policy_cel::ResourceRule& rule : match.rules()) {
      if ((rule.operations & (policy_cel::mask_of(kube::Operation::Delete) |
                              policy_cel::mask_of(kube::Operation::Connect))) != 0) {
        fields_.invalid(pointer + "/resourceRules/operations", at,
                        "Unsupported value: supported values: \"CREATE\", \"UPDATE\"");
      }
    }
  }

  void read_conditions() {
    // Match conditions know no variables: the server compiles them without.
    for (const auto& item : fields_.maps(spec_, kMatchConditions, "/spec")) {
      if (fields_.text(*item.node, kName, item.pointer).empty()) {
        fields_.invalid(item.pointer + "/name", *item.node, "Required value");
      }
      policy_.conditions.push_back(expression(*item.node, kExpression, item.pointer, Returns::Bool,
                                              {.variables = false,
                                               .params = policy_.param_kind.is_set,
                                               .authorizer = true,
                                               .patch_types = false}));
    }
    if (policy_.conditions.size() > 64) {
      fields_.invalid("/spec/matchConditions", *spec_.find(kMatchConditions),
                      "Too many: " + std::to_string(policy_.conditions.size()) +
                          ": must have at most 64 items");
    }
  }

  void read_variables() {
    const auto items = fields_.maps(spec_, kVariables, "/spec");
    std::vector<policy_cel::VariableText> variables;
    for (const auto& item : items) {
      const policy_cel::VariableText variable{
          .name = fields_.text(*item.node, kName, item.pointer),
          .expression = fields_.text(*item.node, kExpression, item.pointer)};
      if (variable.name.empty()) {
        fields_.invalid(item.pointer + "/name", *item.node,
                        "Required value: name is not specified");
      }
      if (trimmed(variable.expression).empty()) {
        fields_.invalid(item.pointer + "/expression", *item.node,
                        "Required value: expression is not specified");
      }
      variables.push_back(variable);
    }
    if (fields_.is_refused() && variables.empty()) {
      return;
    }
    has_variables_ = !variables.empty() || policy_.kind == PolicyKind::Mutating;
    std::vector<policy_cel::Expressions::VariableError> errors;
    policy_.scope = expressions_.open_scope(variables, policy_.param_kind.is_set, errors);
    for (const auto& error : errors) {
      const auto& item = items[error.index];
      if (const Node* node = item.node->find(kExpression); node != nullptr) {
        fields_.compile_problem(item.pointer + "/expression", *node, error.error);
      }
    }
  }

  void read_validations() {
    for (const auto& item : fields_.maps(spec_, kValidations, "/spec")) {
      ValidationRule rule;
      rule.expression =
          expression(*item.node, kExpression, item.pointer, Returns::Bool, surroundings(true));
      rule.message = fields_.text(*item.node, kMessage, item.pointer);
      if (const std::string_view message = trimmed(rule.message);
          message.find_first_of("\n\r") != std::string_view::npos) {
        fields_.invalid(item.pointer + "/message", *item.node->find(kMessage),
                        "must not contain line breaks");
      } else if (message.empty() && !rule.message.empty()) {
        fields_.invalid(item.pointer + "/message", *item.node->find(kMessage),
                        "must be non-empty if specified");
      }
      static constexpr std::array<std::string_view, 3> kReasons{"Forbidden", "Invalid",
                                                                "RequestEntityTooLarge"};
      static_cast<void>(fields_.choice(*item.node, kReason, item.pointer, kReasons));
      rule.reason = fields_.text(*item.node, kReason, item.pointer);
      if (!fields_.text(*item.node, kMessageExpression, item.pointer).empty()) {
        rule.message_program = expression(*item.node, kMessageExpression, item.pointer,
                                          Returns::String, surroundings(false))
                                   .program;
      }
      policy_.pointers.push_back(rule.expression.pointer);
      policy_.validations.push_back(std::move(rule));
    }
  }

  void read_audit_annotations() {
    for (const auto& item : fields_.maps(spec_, kAuditAnnotations, "/spec")) {
      AuditRule rule;
      rule.key = fields_.text(*item.node, kKey, item.pointer);
      const auto repeated = std::ranges::find(policy_.audit, rule.key, &AuditRule::key);
      if (rule.key.empty() || repeated != policy_.audit.end()) {
        fields_.invalid(item.pointer + "/key", *item.node,
                        rule.key.empty() ? "Required value"
                                         : "Duplicate value: \"" + std::string(rule.key) + "\"");
      }
      rule.expression = expression(*item.node, kValueExpression, item.pointer,
                                   Returns::StringOrNull, surroundings(true));
      policy_.audit.push_back(std::move(rule));
    }
  }

  void read_mutations() {
    for (const auto& item : fields_.maps(spec_, kMutations, "/spec")) {
      const std::string_view type = fields_.text(*item.node, kPatchType, item.pointer);
      const bool patch = type == "JSONPatch";
      if (!patch && type != "ApplyConfiguration") {
        fields_.invalid(item.pointer + "/patchType", *item.node,
                        type.empty() ? "Required value"
                                     : "Unsupported value: \"" + std::string(type) +
                                           "\": supported values: \"ApplyConfiguration\", "
                                           "\"JSONPatch\"");
        continue;
      }
      const Name& field = patch ? kJsonPatch : kApplyConfiguration;
      const std::string at = item.pointer + "/" + std::string(field.text());
      const Node* body = present(item.node->find(field));
      if (body == nullptr || !body->is_object()) {
        fields_.invalid(at, *item.node,
                        "Required value: must be specified when patchType is " + std::string(type));
        continue;
      }
      Surroundings around = surroundings(true);
      around.patch_types = true;
      MutationStep step{
          .kind = patch ? MutationStep::Kind::JsonPatch : MutationStep::Kind::ApplyConfiguration,
          .expression = expression(*body, kExpression, at,
                                   patch ? Returns::JsonPatch : Returns::Object, around)};
      policy_.pointers.push_back(step.expression.pointer);
      policy_.mutations.push_back(std::move(step));
    }
    if (policy_.mutations.empty() && !fields_.is_refused()) {
      fields_.invalid("/spec/mutations", spec_,
                      "Required value: mutations must contain at least one item");
    }
  }

  Fields& fields_;
  policy_cel::Expressions& expressions_;
  Policy& policy_;
  const Node& spec_;
  bool has_variables_ = false;
};

}  // namespace

std::optional<Policy> PolicyReader::read_policy(const kube::Object& object, PolicyKind kind,
                                                bool is_given) {
  Fields fields(object, is_given, problems_);
  const Node* spec = object.root.find(kSpec);
  if (spec == nullptr || !spec->is_object()) {
    fields.invalid("/spec", spec == nullptr ? object.root : *spec, "Required value");
    return std::nullopt;
  }
  Policy policy;
  policy.kind = kind;
  policy.object = &object;
  policy.name = object.ref.name;
  policy.is_given = is_given;
  PolicyParts<Fields>(fields, table_.expressions, policy, *spec).read();
  if (policy.param_kind.is_set) {
    const ParamKind& param = policy.param_kind;
    const kube::ApiKind* row = kube::find_kind(param.group, param.version, param.kind);
    if (row == nullptr && table_.context.kinds != nullptr) {
      row = table_.context.kinds->find(param.group, param.version, param.kind);
    }
    if (row != nullptr) {
      policy.param_kind.scope = row->scope;
    }
  }
  if (kind == PolicyKind::Validating && !fields.is_refused()) {
    check_types(policy);
  }
  return fields.is_refused() ? std::nullopt : std::optional<Policy>(std::move(policy));
}

// TypeChecker.Check: validations and their message expressions.
void PolicyReader::check_types(const Policy& policy) {
  const auto kinds = checker_.kinds_of(policy.match.rules());
  if (kinds.empty()) {
    return;
  }
  const Node& spec = *policy.object->root.find(kSpec);
  std::vector<policy_cel::VariableText> variables;
  if (const Node* list = present(spec.find(kVariables)); list != nullptr) {
    for (const Node& item : list->items()) {
      variables.push_back(
          {.name = item.find(kName)->text(), .expression = item.find(kExpression)->text()});
    }
  }
  const ParamKind& param = policy.param_kind;
  const kube::ApiKind* params =
      param.is_set ? kube::find_kind(param.group, param.version, param.kind) : nullptr;
  if (params == nullptr && param.is_set && table_.context.kinds != nullptr) {
    params = table_.context.kinds->find(param.group, param.version, param.kind);
  }
  const Node* validations = present(spec.find(kValidations));
  for (std::size_t i = 0; validations != nullptr && i < validations->size(); ++i) {
    for (const Name* field : {&kExpression, &kMessageExpression}) {
      const Node* text = present(validations->items()[i].find(*field));
      if (text == nullptr || text->text().empty()) {
        continue;
      }
      std::string warning = checker_.check(text->text(), variables, kinds, param.is_set, params);
      if (!warning.empty()) {
        problems_.push_back(
            {.kind = LoadProblem::Kind::TypeWarning,
             .object = policy.object,
             .pointer = "/spec/validations/" + std::to_string(i) + "/" + std::string(field->text()),
             .offset = text->offset(),
             .message = std::move(warning),
             .is_refused = false,
             .is_given = policy.is_given});
      }
    }
  }
}

std::optional<PolicyBinding> PolicyReader::read_binding(const kube::Object& object, PolicyKind kind,
                                                        bool is_given) {
  Fields fields(object, is_given, problems_);
  const Node* spec = object.root.find(kSpec);
  if (spec == nullptr || !spec->is_object()) {
    fields.invalid("/spec", spec == nullptr ? object.root : *spec, "Required value");
    return std::nullopt;
  }
  PolicyBinding binding;
  binding.object = &object;
  binding.name = object.ref.name;
  if (fields.text(*spec, kPolicyName, "/spec").empty()) {
    fields.invalid("/spec/policyName", *spec, "Required value");
  }
  if (const Node* match = present(spec->find(kMatchResources)); match != nullptr) {
    std::vector<policy_cel::FieldProblem> found;
    binding.match = policy_cel::MatchResources::read(*match, "/spec/matchResources", found);
    fields.add(std::move(found));
  }
  if (const Node* reference = present(spec->find(kParamRef)); reference != nullptr) {
    ParamReference& param = binding.param;
    param.is_set = true;
    param.name = fields.text(*reference, kName, "/spec/paramRef");
    param.name_space = fields.text(*reference, kNamespace, "/spec/paramRef");
    static constexpr std::array<std::string_view, 2> kNotFound{"Allow", "Deny"};
    param.is_denied_when_absent =
        fields.choice(*reference, kParameterNotFoundAction, "/spec/paramRef", kNotFound) == 1;
    if (const Node* selector = present(reference->find(kSelector)); selector != nullptr) {
      auto read = kube::read_label_selector(*selector);
      if (read) {
        param.selector = std::move(*read);
      } else {
        fields.invalid("/spec/paramRef/selector", *selector, std::move(read.error().message));
      }
      if (!param.name.empty()) {
        fields.invalid("/spec/paramRef/selector", *selector,
                       "name and selector are mutually exclusive");
      }
    } else if (param.name.empty()) {
      fields.invalid("/spec/paramRef", *reference, "one of name or selector must be specified");
    }
  }
  if (kind == PolicyKind::Validating) {
    const Node* actions = present(spec->find(kValidationActions));
    for (const Node& action : actions == nullptr ? std::span<const Node>{} : actions->items()) {
      const std::string_view name = action.text();
      bool* const place = name == "Deny"    ? &binding.actions.deny
                          : name == "Warn"  ? &binding.actions.warn
                          : name == "Audit" ? &binding.actions.audit
                                            : nullptr;
      if (place == nullptr || *place) {
        fields.invalid("/spec/validationActions", action,
                       (place == nullptr ? "Unsupported value: \"" : "Duplicate value: \"") +
                           std::string(name) + "\"");
        continue;
      }
      *place = true;
      binding.action_names.push_back(name);
    }
    if (binding.action_names.empty()) {
      if (fields.is_refused()) {
        return std::nullopt;
      }
      // The first version of the API knew no actions: everything was denied. A server of today
      // refuses the binding; what it would refuse is still worth knowing.
      binding.actions.deny = true;
      binding.action_names.emplace_back("Deny");
      problems_.push_back({.kind = LoadProblem::Kind::Invalid,
                           .object = &object,
                           .pointer = "/spec/validationActions",
                           .offset = spec->offset(),
                           .message = "Required value: at least one validation action is required "
                                      "(judged as Deny)",
                           .is_refused = false,
                           .is_given = is_given});
    } else if (binding.actions.deny && binding.actions.warn) {
      fields.invalid("/spec/validationActions", *actions,
                     "must not contain both Deny and Warn (repeating the same validation failure "
                     "information in the API response and headers serves no purpose)");
    }
  } else {
    binding.actions.deny = true;
  }
  return fields.is_refused() ? std::nullopt : std::optional<PolicyBinding>(std::move(binding));
}

}  // namespace tally::admission_policy
