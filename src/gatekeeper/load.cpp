// From objects to templates and constraints. GetSourceFromTemplate and the checks of
// pkg/drivers/k8scel/schema/schema.go; ApplyDefaultParams of frameworks/constraint.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "gatekeeper/internal/tables.hpp"
#include "policy_cel/schema_type.hpp"

namespace tally::gatekeeper {

using document::Node;
using policy_cel::Returns;

namespace {

constexpr std::string_view kCelEngine = "K8sNativeValidation";
constexpr std::string_view kReservedPrefix = "gatekeeper_internal_";
// The driver's own variables, before those of the template.
constexpr std::string_view kParams =
    "!has(params.spec) || !has(params.spec.parameters) ? null : params.spec.parameters";
constexpr std::string_view kAnyObject =
    "has(request.operation) && request.operation == \"DELETE\" && object == null ? oldObject : "
    "object";

std::string_view text_of(const Node* node) {
  return node == nullptr || !node->is_string() ? std::string_view{} : node->text();
}

const Node* at(const Node& root, std::initializer_list<std::string_view> path) {
  const Node* node = &root;
  for (const std::string_view part : path) {
    node = node == nullptr ? nullptr : node->find(part);
  }
  return node;
}

std::span<const Node> items_of(const Node* list) {
  return list == nullptr || !list->is_array() ? std::span<const Node>{} : list->items();
}

class Loader {
 public:
  Loader(ConstraintSet::Table& table, std::vector<LoadProblem>& problems)
      : table_(table), problems_(problems) {}

  void add_template(const kube::Object& object) {
    Template read;
    read.object = &object;
    read.kind = text_of(at(object.root, {"spec", "crd", "spec", "names", "kind"}));
    if (read.kind.empty()) {
      return invalid(object, "/spec/crd/spec/names/kind", object.root.offset(),
                     "a template names the kind of its constraints");
    }
    if (const Node* schema =
            at(object.root, {"spec", "crd", "spec", "validation", "openAPIV3Schema"});
        schema != nullptr && schema->is_object()) {
      read.parameters = kube::CustomSchema::read(*schema);
      if (!read.parameters->over_limit().empty()) {
        return invalid(object, "/spec/crd/spec/validation/openAPIV3Schema", schema->offset(),
                       std::string(read.parameters->over_limit()));
      }
    }
    const auto targets = items_of(at(object.root, {"spec", "targets"}));
    if (targets.size() != 1) {
      return invalid(object, "/spec/targets", object.root.offset(),
                     "a template has exactly one target");
    }
    const Node& target = targets.front();
    read.has_rego = !text_of(target.find("rego")).empty();
    const auto codes = items_of(target.find("code"));
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const std::string_view engine = text_of(codes[i].find("engine"));
      read.has_rego = read.has_rego || engine == "Rego";
      const Node* source = codes[i].find("source");
      if (engine == kCelEngine && !read.has_cel && source != nullptr) {
        if (!compile(object, *source, fmt::format("/spec/targets/0/code/{}/source", i), read)) {
          return;
        }
        read.has_cel = true;
      }
    }
    table_.templates.push_back(std::move(read));
  }

  void add_constraint(const kube::Object& object) {
    const auto found = std::ranges::find(table_.templates, object.ref.kind, &Template::kind);
    if (found == table_.templates.end()) {
      problems_.push_back(
          {.kind = LoadProblem::Kind::NoTemplate,
           .object = &object,
           .pointer = "/kind",
           .offset = object.root.offset(),
           .message = fmt::format("no template makes the kind {}", excerpt(object.ref.kind))});
      return;
    }
    auto match = ConstraintMatch::read(at(object.root, {"spec", "match"}));
    if (!match) {
      return invalid(object, "/spec/match", object.root.offset(), match.error().message);
    }
    const std::string_view action = text_of(at(object.root, {"spec", "enforcementAction"}));
    table_.constraints.push_back({.object = &object,
                                  .kind = object.ref.kind,
                                  .name = object.ref.name,
                                  .engine = found->has_cel ? Engine::Cel : Engine::RegoOnly,
                                  .enforcement = action == "warn"     ? Enforcement::Warn
                                                 : action == "dryrun" ? Enforcement::DryRun
                                                 : action == "scoped" ? Enforcement::Scoped
                                                                      : Enforcement::Deny});
    table_.entries.push_back(
        {.of = &*found, .match = std::move(*match), .root = with_defaults(object.root, *found)});
  }

 private:
  void invalid(const kube::Object& object, std::string pointer, std::uint32_t offset,
               std::string message) {
    problems_.push_back({.kind = LoadProblem::Kind::Invalid,
                         .object = &object,
                         .pointer = std::move(pointer),
                         .offset = offset,
                         .message = std::move(message)});
  }

  bool compile(const kube::Object& object, const Node& source, const std::string& pointer,
               Template& read) {
    const std::size_t before = problems_.size();
    std::vector<policy_cel::VariableText> variables{{.name = "anyObject", .expression = kAnyObject},
                                                    {.name = "params", .expression = kParams}};
    const std::size_t own = variables.size();
    const auto written = items_of(source.find("variables"));
    for (std::size_t i = 0; i < written.size(); ++i) {
      const std::string_view name = text_of(written[i].find("name"));
      if (name == "params" || name == "anyObject" || name.starts_with(kReservedPrefix)) {
        invalid(object, fmt::format("{}/variables/{}/name", pointer, i), written[i].offset(),
                fmt::format("the name '{}' is reserved", excerpt(name)));
      }
      variables.push_back({.name = name, .expression = text_of(written[i].find("expression"))});
    }
    std::vector<policy_cel::Expressions::VariableError> errors;
    read.scope = table_.expressions.open_scope(variables, true, errors);
    for (const auto& error : errors) {
      const bool is_own = error.index < own;
      const std::size_t i = is_own ? 0 : error.index - own;
      not_compiled(object, is_own ? pointer : fmt::format("{}/variables/{}/expression", pointer, i),
                   is_own ? source : written[i], error.error);
    }
    const std::string_view failure = text_of(source.find("failurePolicy"));
    if (!failure.empty() && failure != "Fail" && failure != "Ignore") {
      invalid(object, pointer + "/failurePolicy", source.offset(),
              fmt::format("failurePolicy is Fail or Ignore, found '{}'", excerpt(failure)));
    }
    read.ignores_failures = failure == "Ignore";
    // Upstream's field has this name in the singular.
    const auto conditions = items_of(source.find("matchCondition"));
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      read.conditions.push_back(program(object,
                                        fmt::format("{}/matchCondition/{}/expression", pointer, i),
                                        conditions[i].find("expression"), Returns::Bool, read));
    }
    const auto validations = items_of(source.find("validations"));
    for (std::size_t i = 0; i < validations.size(); ++i) {
      Validation validation;
      validation.pointer = fmt::format("{}/validations/{}/expression", pointer, i);
      validation.expression = text_of(validations[i].find("expression"));
      validation.message = text_of(validations[i].find("message"));
      validation.program = program(object, validation.pointer, validations[i].find("expression"),
                                   Returns::Bool, read);
      if (const Node* message = validations[i].find("messageExpression");
          !text_of(message).empty()) {
        validation.message_program =
            program(object, fmt::format("{}/validations/{}/messageExpression", pointer, i), message,
                    Returns::String, read);
      }
      read.validations.push_back(std::move(validation));
    }
    return problems_.size() == before;
  }

  policy_cel::ProgramId program(const kube::Object& object, const std::string& pointer,
                                const Node* expression, Returns returns, const Template& read) {
    auto compiled =
        table_.expressions.compile(text_of(expression), returns, read.scope, {.variables = true});
    if (compiled) {
      return *compiled;
    }
    not_compiled(object, pointer, expression == nullptr ? object.root : *expression,
                 compiled.error());
    return policy_cel::kNoProgram;
  }

  void not_compiled(const kube::Object& object, std::string pointer, const Node& place,
                    const policy_cel::CompileError& error) {
    problems_.push_back({.kind = LoadProblem::Kind::DoesNotCompile,
                         .object = &object,
                         .pointer = std::move(pointer),
                         .offset = place.offset(),
                         .message = error.message});
  }

  // spec.parameters with the defaults of the schema; absent ones stay absent, as upstream has it.
  Node with_defaults(const Node& root, const Template& of) {
    const Node* spec = root.find("spec");
    const Node* parameters = spec == nullptr ? nullptr : spec->find("parameters");
    if (!of.parameters || parameters == nullptr || !parameters->is_object()) {
      return root;
    }
    const Node filled = policy_cel::with_schema_defaults(table_.arena, *parameters, *of.parameters);
    return with_member(root, "spec", with_member(*spec, "parameters", filled));
  }

  Node with_member(const Node& map, std::string_view key, const Node& value) {
    std::vector<Node> values;
    std::vector<std::string_view> keys;
    for (const document::Member member : map.members()) {
      values.push_back(member.key == key ? value : member.value);
      keys.push_back(member.key);
    }
    return Node::make_object(table_.arena, values, keys, {}, map.offset());
  }

  ConstraintSet::Table& table_;
  std::vector<LoadProblem>& problems_;
};

}  // namespace

std::string_view to_text(Enforcement enforcement) noexcept {
  switch (enforcement) {
    case Enforcement::Deny:
      return "deny";
    case Enforcement::Warn:
      return "warn";
    case Enforcement::DryRun:
      return "dryrun";
    case Enforcement::Scoped:
      return "scoped";
  }
  return "";
}

std::string_view to_text(LoadProblem::Kind kind) noexcept {
  switch (kind) {
    case LoadProblem::Kind::Invalid:
      return "invalid";
    case LoadProblem::Kind::DoesNotCompile:
      return "does-not-compile";
    case LoadProblem::Kind::NoTemplate:
      return "no-template";
  }
  return "";
}

Loaded ConstraintSet::load(const Inputs& inputs) {
  auto table = std::make_unique<Table>();
  std::vector<LoadProblem> problems;
  Loader loader(*table, problems);
  for (const kube::Object& object : inputs.templates) {
    if (object.ref.group == kTemplateGroup && object.ref.kind == "ConstraintTemplate") {
      loader.add_template(object);
    }
  }
  for (const kube::Object& object : inputs.constraints) {
    if (object.ref.group == kConstraintGroup) {
      loader.add_constraint(object);
    }
  }
  return {.set = ConstraintSet(std::move(table)), .problems = std::move(problems)};
}

ConstraintSet::ConstraintSet() : table_(std::make_unique<const Table>()) {}
ConstraintSet::ConstraintSet(std::unique_ptr<const Table> table) : table_(std::move(table)) {}
ConstraintSet::~ConstraintSet() = default;
ConstraintSet::ConstraintSet(ConstraintSet&&) noexcept = default;
ConstraintSet& ConstraintSet::operator=(ConstraintSet&&) noexcept = default;

std::span<const Constraint> ConstraintSet::constraints() const noexcept {
  return table_->constraints;
}

Scratch::Scratch() : state_(std::make_unique<State>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

}  // namespace tally::gatekeeper
