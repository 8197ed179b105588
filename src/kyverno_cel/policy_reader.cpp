#include "kyverno_cel/internal/policy_reader.hpp"

#include <algorithm>
#include <array>

#include "kyverno_cel/internal/autogen.hpp"
#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {

namespace {

using document::Node;
using policy_cel::Flavour;
using policy_cel::kNoProgram;
using policy_cel::kNoScope;
using policy_cel::Returns;
using policy_cel::ScopeId;
using policy_cel::Surroundings;

constexpr std::size_t kConditionsMax = 64;

bool is_blank(std::string_view text) noexcept {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

Surroundings surroundings_of(const Policy& policy) {
  Surroundings around{.variables = true,
                      .params = false,
                      .authorizer = false,
                      .patch_types = policy.kind == PolicyKind::Mutating,
                      .flavour = Flavour::KyvernoReview,
                      .is_namespaced = !policy.name_space.empty()};
  if (policy.kind == PolicyKind::Generating) {
    around.flavour = Flavour::KyvernoGenerate;
  } else if (policy.kind == PolicyKind::ImageValidating) {
    around.flavour = Flavour::KyvernoImages;
  } else if (policy.mode == Mode::Http || policy.mode == Mode::Envoy) {
    around.flavour = Flavour::KyvernoAuthorize;
    around.is_namespaced = false;
  }
  return around;
}

// Reads and compiles one specification: the policy's own, or one that was made for pod controllers.
class VariantReader {
 public:
  VariantReader(Fields& fields, PolicySet::Table& table, LoadedPolicy& policy, Variant& variant,
                const Node& spec)
      : fields_(fields),
        table_(table),
        policy_(policy),
        variant_(variant),
        spec_(spec),
        around_(surroundings_of(policy.about)) {}

  void read(std::span<const PolicyException* const> exceptions) {
    const PolicyKind kind = policy_.about.kind;
    read_constraints();
    // Which of them may read variables follows from the order in which upstream compiles them.
    const bool conditions_read_variables =
        kind == PolicyKind::Mutating || kind == PolicyKind::Deleting;
    if (!conditions_read_variables) {
      read_conditions(kNoScope);
    }
    read_variables();
    if (conditions_read_variables) {
      read_conditions(variant_.scope);
    }
    switch (kind) {
      case PolicyKind::ImageValidating:
        read_images();
        [[fallthrough]];
      case PolicyKind::Validating:
        read_validations();
        break;
      case PolicyKind::Mutating:
        read_mutations();
        break;
      case PolicyKind::Generating:
        read_generations();
        break;
      case PolicyKind::Deleting:
      case PolicyKind::Exception:
        break;
    }
    read_audit_annotations();
    for (const PolicyException* exception : exceptions) {
      read_exception_use(*exception);
    }
  }

 private:
  [[nodiscard]] bool is_own() const noexcept { return variant_.autogen.empty(); }

  Expression compile(const Node& map, std::string_view field, const std::string& pointer,
                     Returns returns, ScopeId scope) {
    Expression found;
    found.pointer = pointer + "/" + std::string(field);
    found.text = fields_.text(map, field, pointer);
    if (is_blank(found.text)) {
      fields_.invalid(found.pointer, map, "Required value: expression is not specified");
      return found;
    }
    found.offset = map.find(field)->offset();
    compile(found, returns, scope, fields_);
    return found;
  }

  void compile(Expression& found, Returns returns, ScopeId scope, Fields& fields) {
    auto compiled = table_.expressions.compile(found.text, returns, scope, around_);
    if (compiled) {
      found.program = *compiled;
    } else {
      report(found, compiled.error(), fields);
    }
  }

  void report(const Expression& found, const policy_cel::CompileError& error, Fields& fields) {
    fields.report(LoadProblem::Kind::DoesNotCompile, found.pointer, found.offset,
                  is_own() ? error.message
                           : error.message + "\n(as it is rewritten for " +
                                 std::string(variant_.autogen) + ")");
  }

  void read_constraints() {
    const Node* constraints = present(spec_, "matchConstraints");
    if (constraints == nullptr) {
      return;
    }
    std::vector<policy_cel::FieldProblem> found;
    // DeletingPolicies need no operations: every one is meant.
    Node read = *constraints;
    if (policy_.about.kind == PolicyKind::Deleting) {
      read = with_every_operation(table_.arena, read);
    }
    variant_.match = policy_cel::MatchResources::read(read, "/spec/matchConstraints", found);
    variant_.has_constraints = true;
    fields_.add(std::move(found));
  }

 public:
  static Node with_every_operation(Arena& arena, const Node& constraints) {
    const Node* rules = present(constraints, "resourceRules");
    if (rules == nullptr || !rules->is_array()) {
      return constraints;
    }
    std::vector<Node> made;
    for (const Node& rule : rules->items()) {
      const std::array every{Node::make_string("*", rule.offset())};
      made.push_back(rule.is_object() ? with_member(arena, rule, "operations",
                                                    Node::make_array(arena, every, rule.offset()))
                                      : rule);
    }
    return with_member(arena, constraints, "resourceRules",
                       Node::make_array(arena, made, rules->offset()));
  }

 private:
  std::vector<Expression> conditions(std::string_view field, ScopeId scope) {
    std::vector<Expression> found;
    const auto items = fields_.maps(spec_, field, "/spec");
    if (items.size() > kConditionsMax) {
      fields_.invalid("/spec/" + std::string(field), *spec_.find(field),
                      "Too many: " + std::to_string(items.size()) + ": must have at most 64 items");
    }
    for (const auto& item : items) {
      found.push_back(compile(*item.node, "expression", item.pointer, Returns::Bool, scope));
    }
    return found;
  }

  void read_conditions(ScopeId scope) {
    const bool deletes = policy_.about.kind == PolicyKind::Deleting;
    variant_.conditions = conditions(deletes ? "conditions" : "matchConditions", scope);
    if (deletes && is_own()) {
      note_pointers(variant_.conditions);
    }
    // validateMAPCompatibleMatchConditions
    if (policy_.about.kind == PolicyKind::Mutating &&
        flag_at(spec_, {"autogen", "mutatingAdmissionPolicy", "enabled"}, false)) {
      for (const Expression& condition : variant_.conditions) {
        if (condition.program != kNoProgram &&
            table_.expressions[condition.program].uses(policy_cel::Input::Variables)) {
          fields_.report(LoadProblem::Kind::Invalid, condition.pointer, condition.offset,
                         "variables cannot be referenced in matchConditions when "
                         "spec.autogen.mutatingAdmissionPolicy.enabled is true");
        }
      }
    }
  }

  void note_pointers(const std::vector<Expression>& expressions) {
    for (const Expression& expression : expressions) {
      policy_.pointers.push_back(expression.pointer);
    }
  }

  void read_variables() {
    const auto items = fields_.maps(spec_, "variables", "/spec");
    std::vector<policy_cel::VariableText> variables;
    std::vector<const Node*> nodes;
    std::vector<std::string> pointers;
    for (const auto& item : items) {
      const policy_cel::VariableText variable{
          .name = fields_.text(*item.node, "name", item.pointer),
          .expression = fields_.text(*item.node, "expression", item.pointer)};
      if (variable.name.empty() || is_blank(variable.expression)) {
        fields_.invalid(item.pointer + (variable.name.empty() ? "/name" : "/expression"),
                        *item.node, "Required value");
        continue;
      }
      variables.push_back(variable);
      nodes.push_back(item.node->find("expression"));
      pointers.push_back(item.pointer + "/expression");
    }
    std::vector<policy_cel::Expressions::VariableError> errors;
    variant_.scope = table_.expressions.open_scope(variables, around_, errors);
    for (const auto& error : errors) {
      Expression place;
      place.pointer = pointers[error.index];
      place.offset = nodes[error.index]->offset();
      report(place, error.error, fields_);
    }
  }

  void read_validations() {
    const bool authorizes = around_.flavour == Flavour::KyvernoAuthorize;
    for (const auto& item : fields_.maps(spec_, "validations", "/spec")) {
      ValidationRule rule;
      rule.expression =
          compile(*item.node, "expression", item.pointer,
                  authorizes ? Returns::Authorization : Returns::Bool, variant_.scope);
      rule.message = fields_.text(*item.node, "message", item.pointer);
      if (!fields_.text(*item.node, "messageExpression", item.pointer).empty()) {
        rule.message_program =
            compile(*item.node, "messageExpression", item.pointer, Returns::String, variant_.scope)
                .program;
      }
      if (is_own()) {
        policy_.pointers.push_back(rule.expression.pointer);
      }
      variant_.validations.push_back(std::move(rule));
    }
  }

  void read_audit_annotations() {
    for (const auto& item : fields_.maps(spec_, "auditAnnotations", "/spec")) {
      AuditRule rule;
      rule.key = fields_.text(*item.node, "key", item.pointer);
      if (rule.key.empty()) {
        fields_.invalid(item.pointer + "/key", *item.node, "Required value");
      }
      rule.expression = compile(*item.node, "valueExpression", item.pointer, Returns::StringOrNull,
                                variant_.scope);
      variant_.audit.push_back(std::move(rule));
    }
  }

  void read_mutations() {
    static constexpr std::array<std::string_view, 3> kPatchTypes{"", "ApplyConfiguration",
                                                                 "JSONPatch"};
    for (const auto& item : fields_.maps(spec_, "mutations", "/spec")) {
      const std::size_t type = fields_.choice(*item.node, "patchType", item.pointer, kPatchTypes);
      const std::string_view field = type == 2 ? "jsonPatch" : "applyConfiguration";
      const Node* patch = present(*item.node, field);
      if (type == 0 || patch == nullptr || !patch->is_object()) {
        fields_.invalid(item.pointer + "/" + std::string(type == 0 ? "patchType" : field),
                        *item.node, "Required value");
        continue;
      }
      MutationStep step;
      step.kind =
          type == 2 ? MutationStep::Kind::JsonPatch : MutationStep::Kind::ApplyConfiguration;
      step.expression = compile(*patch, "expression", item.pointer + "/" + std::string(field),
                                type == 2 ? Returns::JsonPatch : Returns::Object, variant_.scope);
      if (is_own()) {
        policy_.pointers.push_back(step.expression.pointer);
      }
      variant_.mutations.push_back(std::move(step));
    }
    variant_.target_conditions = conditions("targetMatchConditions", variant_.scope);
    if (is_own()) {
      read_targets();
    }
  }

  void read_targets() {
    const Node* targets = present(spec_, "targetMatchConstraints");
    if (targets == nullptr || !targets->is_object()) {
      return;
    }
    const std::string pointer = "/spec/targetMatchConstraints";
    if (!fields_.text(*targets, "expression", pointer).empty()) {
      policy_.target_expression =
          compile(*targets, "expression", pointer, Returns::ObjectMap, variant_.scope);
      policy_.about.has_targets = true;
    }
    if (const Node* rules = present(*targets, "resourceRules");
        rules != nullptr && rules->size() != 0) {
      std::vector<policy_cel::FieldProblem> found;
      policy_.target_match = policy_cel::MatchResources::read(
          with_every_operation(table_.arena, *targets), pointer, found);
      policy_.has_target_rules = true;
      policy_.about.has_targets = true;
      fields_.add(std::move(found));
    }
  }

  void read_generations() {
    for (const auto& item : fields_.maps(spec_, "generate", "/spec")) {
      GenerationStep step;
      const Node* from = present(*item.node, "template");
      const bool has_expression = !fields_.text(*item.node, "expression", item.pointer).empty();
      if (from != nullptr && has_expression) {
        fields_.invalid(item.pointer, *item.node, "only one of expression or template may be set");
      } else if (has_expression) {
        step.expression =
            compile(*item.node, "expression", item.pointer, Returns::Bool, variant_.scope);
      } else if (from != nullptr) {
        read_template(*from, item.pointer + "/template", step);
      } else {
        fields_.invalid(item.pointer, *item.node,
                        "Required value: one of expression or template must be set");
      }
      policy_.pointers.push_back(step.expression.pointer);
      variant_.generations.push_back(std::move(step));
    }
  }

  void read_template(const Node& from, const std::string& pointer, GenerationStep& step) {
    static constexpr std::array<std::string_view, 2> kModes{"", "cel"};
    const std::string_view yaml = fields_.text(from, "value", pointer);
    const bool interpolates = fields_.choice(from, "interpolate", pointer, kModes) == 1;
    step.expression.pointer = pointer + "/value";
    const Node* value = from.find("value");
    step.expression.offset = value == nullptr ? from.offset() : value->offset();
    auto made = GenerationTemplate::compile(yaml, interpolates, [&](std::string_view expression) {
      return table_.expressions.compile(expression, Returns::Anything, variant_.scope, around_);
    });
    if (made) {
      step.made_from = std::move(*made);
    } else {
      fields_.report(LoadProblem::Kind::DoesNotCompile, step.expression.pointer,
                     step.expression.offset, std::move(made.error().message));
    }
  }

  void read_images() {
    Surroundings reference{};
    reference.flavour = Flavour::KyvernoReference;
    for (const auto& item : fields_.maps(spec_, "matchImageReferences", "/spec")) {
      ImageReference found;
      if (const std::string_view glob = fields_.text(*item.node, "glob", item.pointer);
          !glob.empty()) {
        if (auto compiled = ImageGlob::compile(glob)) {
          found.glob = std::move(*compiled);
        } else {
          fields_.invalid(item.pointer + "/glob", *item.node, compiled.error().message);
        }
      } else if (fields_.text(*item.node, "expression", item.pointer).empty()) {
        fields_.invalid(item.pointer, *item.node, "either glob or expression must be set");
      } else {
        std::swap(around_, reference);
        found.program =
            compile(*item.node, "expression", item.pointer, Returns::Bool, kNoScope).program;
        std::swap(around_, reference);
      }
      variant_.references.push_back(std::move(found));
    }
    for (const auto& item : fields_.maps(spec_, "images", "/spec")) {
      variant_.extractors.push_back(
          {.name = fields_.text(*item.node, "name", item.pointer),
           .program =
               compile(*item.node, "expression", item.pointer, Returns::Texts, kNoScope).program});
    }
    if (is_own()) {
      policy_.attestors = by_name("attestors", false);
      policy_.attestations = by_name("attestations", true);
    }
  }

  // The items of a list in a map by their names; or their names.
  Node by_name(std::string_view field, bool names_only) {
    std::vector<std::string_view> keys;
    std::vector<Node> values;
    for (const auto& item : fields_.maps(spec_, field, "/spec")) {
      const std::string_view name = fields_.text(*item.node, "name", item.pointer);
      if (std::ranges::find(keys, name) != keys.end()) {
        continue;
      }
      keys.push_back(name);
      values.push_back(names_only ? Node::make_string(name, item.node->offset()) : *item.node);
    }
    return make_map(table_.arena, keys, values, spec_.offset());
  }

  void read_exception_use(const PolicyException& exception) {
    ExceptionUse use;
    use.exception = &exception;
    const Node* spec = present(exception.object->root, "spec");
    const Node* list = present(*spec, "matchConditions");
    if (list != nullptr && list->is_array()) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        Expression condition;
        condition.pointer = "/spec/matchConditions/" + std::to_string(i) + "/expression";
        condition.text = text_at(list->items()[i], {"expression"});
        condition.offset = list->items()[i].offset();
        auto compiled =
            table_.expressions.compile(condition.text, Returns::Bool, variant_.scope, around_);
        if (!compiled) {
          // Upstream the policy does not compile with such an exception, and refuses nothing. Here
          // the exception is not used.
          broken_.push_back({.exception = &exception,
                             .pointer = condition.pointer,
                             .offset = condition.offset,
                             .message = compiled.error().message});
          return;
        }
        condition.program = *compiled;
        use.conditions.push_back(std::move(condition));
      }
    }
    variant_.exceptions.push_back(std::move(use));
  }

 public:
  struct Broken {
    const PolicyException* exception = nullptr;
    std::string pointer;
    std::uint32_t offset = 0;
    std::string message;
  };
  [[nodiscard]] const std::vector<Broken>& broken() const noexcept { return broken_; }

 private:
  Fields& fields_;
  PolicySet::Table& table_;
  LoadedPolicy& policy_;
  Variant& variant_;
  const Node& spec_;
  Surroundings around_;
  std::vector<Broken> broken_;
};

struct KindName {
  std::string_view name;
  PolicyKind kind;
};
constexpr KindName kKinds[] = {
    {"ValidatingPolicy", PolicyKind::Validating},
    {"NamespacedValidatingPolicy", PolicyKind::Validating},
    {"MutatingPolicy", PolicyKind::Mutating},
    {"NamespacedMutatingPolicy", PolicyKind::Mutating},
    {"GeneratingPolicy", PolicyKind::Generating},
    {"NamespacedGeneratingPolicy", PolicyKind::Generating},
    {"DeletingPolicy", PolicyKind::Deleting},
    {"NamespacedDeletingPolicy", PolicyKind::Deleting},
    {"ImageValidatingPolicy", PolicyKind::ImageValidating},
    {"NamespacedImageValidatingPolicy", PolicyKind::ImageValidating},
};

const KindName* find_kind(const kube::Object& object) noexcept {
  if (object.ref.group != kGroup) {
    return nullptr;
  }
  const auto* const found = std::ranges::find(kKinds, object.ref.kind, &KindName::name);
  return found == std::end(kKinds) ? nullptr : found;
}

bool takes_autogen(PolicyKind kind) noexcept {
  return kind == PolicyKind::Validating || kind == PolicyKind::Mutating ||
         kind == PolicyKind::ImageValidating;
}

}  // namespace

bool is_policy(const kube::Object& object) noexcept { return find_kind(object) != nullptr; }

bool is_exception(const kube::Object& object) noexcept {
  return object.ref.group == kGroup && object.ref.kind == "PolicyException";
}

bool read_policy(const kube::Object& object, PolicySet::Table& table,
                 std::span<const PolicyException* const> exceptions, LoadedPolicy& policy,
                 std::vector<LoadProblem>& problems) {
  const KindName* kind = find_kind(object);
  if (kind == nullptr) {
    return false;
  }
  Fields fields(object, problems);
  policy.about.kind = kind->kind;
  policy.about.kind_name = kind->name;
  policy.about.object = &object;
  policy.about.name = object.ref.name;
  if (kind->name.starts_with("Namespaced")) {
    policy.about.name_space =
        object.ref.name_space.empty() ? std::string_view{"default"} : object.ref.name_space;
  }
  const Node* spec = present(object.root, "spec");
  if (spec == nullptr || !spec->is_object()) {
    fields.invalid("/spec", object.root, "Required value");
    return false;
  }
  read_settings(fields, *spec, policy);

  std::vector<GeneratedSpec> specs;
  specs.push_back({.name = {}, .spec = *spec, .is_extraction = false});
  if (takes_autogen(kind->kind) && policy.about.mode == Mode::Kubernetes) {
    std::ranges::copy(generate_specs(table.arena, *spec, kind->kind), std::back_inserter(specs));
  }
  for (const GeneratedSpec& one : specs) {
    Variant variant;
    variant.autogen = one.name;
    variant.is_extraction = one.is_extraction;
    VariantReader reader(fields, table, policy, variant, one.spec);
    reader.read(exceptions);
    for (const VariantReader::Broken& broken : reader.broken()) {
      Fields(*broken.exception->object, problems)
          .report(LoadProblem::Kind::DoesNotCompile, broken.pointer, broken.offset, broken.message);
    }
    policy.variants.push_back(std::move(variant));
    if (!one.name.empty()) {
      policy.autogen.emplace_back(one.name);
    }
  }
  return !fields.is_refused();
}

}  // namespace tally::kyverno_cel
