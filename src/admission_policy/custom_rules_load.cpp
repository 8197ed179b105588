// Loading: apiextensions-apiserver v0.36.3 pkg/apiserver/schema/cel/compilation.go, and what
// pkg/apis/apiextensions/validation/validation.go asks of the rules of a definition.
#include <algorithm>
#include <optional>
#include <string>

#include "admission_policy/custom_rules.hpp"
#include "admission_policy/internal/custom_rules_table.hpp"
#include "admission_policy/internal/static_budget.hpp"
#include "cel/cost_limits.hpp"
#include "cel/parser.hpp"
#include "cel/static_cost.hpp"
#include "policy_cel/schema_sizes.hpp"
#include "policy_cel/schema_values.hpp"

namespace tally::admission_policy {

using document::Node;
using policy_cel::SchemaPlace;
using policy_cel::SchemaSizes;

namespace {

const document::Name kValidations{"x-kubernetes-validations"};
const document::Name kRule{"rule"};
const document::Name kMessage{"message"};
const document::Name kMessageExpression{"messageExpression"};
const document::Name kReason{"reason"};
const document::Name kFieldPath{"fieldPath"};
const document::Name kOptionalOldSelf{"optionalOldSelf"};

std::string_view text_at(const Node& map, const document::Name& name) {
  const Node* node = map.find(name);
  return node == nullptr ? std::string_view{} : node->text();
}

void append_pointer_step(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
}

// ValidFieldPath: `.a.b['c']`, names of properties and keys of maps.
bool normalise_path(std::string_view path, const kube::CustomSchema& schema,
                    const kube::SchemaNode* node, std::string& out, std::string& pointer) {
  while (!path.empty()) {
    std::string name;
    if (path.starts_with('.')) {
      path.remove_prefix(1);
      const std::size_t end = path.find_first_of(".[");
      name = path.substr(0, end);
      path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
    } else if (path.starts_with("['")) {
      std::size_t at = 2;
      for (; at < path.size() && path[at] != '\''; ++at) {
        at += path[at] == '\\' && at + 1 < path.size() ? 1U : 0U;
        name += path[at];
      }
      if (!path.substr(std::min(at, path.size())).starts_with("']")) {
        return false;
      }
      path.remove_prefix(at + 2);
    } else {
      return false;
    }
    const bool is_map = node->additional != kube::kNoSchema;
    const kube::SchemaNode* next =
        is_map ? &schema.node(node->additional) : schema.find(*node, name);
    if (next == nullptr || name.empty()) {
      return false;
    }
    out += is_map ? "[" + name + "]" : (out.empty() ? "" : ".") + name;
    append_pointer_step(pointer, name);
    node = next;
  }
  return true;
}

// Where the schema of a version stands. The server moves the schema to the top when all versions
// have the same (apiextensions v1 conversion.go), and looks at it once.
struct SchemaOrigin {
  std::string field = "spec.validation.openAPIV3Schema";
  std::string pointer;
  bool is_repeated = false;  // another version has reported all about it
};

SchemaOrigin origin_of(const kube::ApiKind& kind, const kube::Object* definition) {
  SchemaOrigin origin;
  const Node* spec = definition == nullptr ? nullptr : definition->root.find("spec");
  const Node* versions = spec == nullptr ? nullptr : spec->find("versions");
  if (versions == nullptr || !versions->is_array() || versions->size() == 0) {
    return origin;
  }
  const std::span<const Node> all = versions->items();
  const auto schema_of = [](const Node& version) { return version.find("schema"); };
  const bool is_same = std::ranges::all_of(all, [&](const Node& version) {
    const Node* first = schema_of(all.front());
    const Node* own = schema_of(version);
    return first == own || (first != nullptr && own != nullptr && document::equal(*first, *own));
  });
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Node* name = all[i].find("name");
    if (name == nullptr || name->text() != kind.version) {
      continue;
    }
    const std::string index = std::to_string(i);
    origin.pointer = "/spec/versions/" + index + "/schema/openAPIV3Schema";
    if (!is_same) {
      origin.field = "spec.versions[" + index + "].schema.openAPIV3Schema";
    }
    origin.is_repeated = is_same && i != 0;
    break;
  }
  return origin;
}

// A node of the schema on the way down.
struct Stop {
  SchemaPlace place;
  std::string field;
  std::string pointer;
  Cardinality cardinality;
  std::optional<std::string> uncorrelatable;  // the field below which nothing knows its old self
};

class RuleLoader {
 public:
  RuleLoader(CustomRules::Table& table, LoadedRules& loaded) : table_(table), loaded_(loaded) {}

  void load(const kube::ApiKind& kind, const kube::Object* definition) {
    if (kind.schema == nullptr || !kind.schema->over_limit().empty()) {
      return;
    }
    KindRules rules{.kind = &kind, .definition = definition, .rules = {}, .has_rules_below = {}};
    rules.has_rules_below.resize(kind.schema->nodes().size());
    const SchemaSizes sizes(*kind.schema);
    const SchemaOrigin origin = origin_of(kind, definition);
    sizes_ = &sizes;
    is_silent_ = origin.is_repeated;
    budget_ = {};
    const kube::SchemaNode& root = kind.schema->root();
    const bool any =
        walk(rules,
             {.place = {.schema = kind.schema, .node = &root, .is_resource_root = true},
              .field = origin.field,
              .pointer = origin.pointer,
              .cardinality = 1,
              .uncorrelatable = {}},
             0);
    if (!any) {
      return;
    }
    if (budget_.is_exceeded()) {
      report_total(rules, {.field = origin.field,
                           .pointer = origin.pointer,
                           .offset = root.source == nullptr ? 0 : root.source->offset()});
    }
    const KindRules& kept = table_.kinds.emplace_back(std::move(rules));
    table_.by_identity.emplace(identity_of(kind.group, kind.version, kind.kind), &kept);
  }

 private:
  bool walk(KindRules& rules, const Stop& stop, std::size_t depth) {
    if (depth > kSchemaDepthMax) {
      return false;
    }
    const SchemaPlace& place = stop.place;
    const kube::SchemaNode& node = *place.node;
    bool any = compile_rules(rules, stop);
    Stop child;
    child.cardinality = cardinality_below(node, stop.cardinality);
    const auto below = [&](kube::SchemaIndex index, std::string_view field, std::string_view key,
                           bool is_uncorrelatable) {
      if (index == kube::kNoSchema) {
        return;
      }
      const kube::SchemaNode& next = place.schema->node(index);
      child.place = {.schema = place.schema, .node = &next, .is_resource_root = next.is_embedded};
      child.field = stop.field + "." + std::string(field);
      child.pointer = stop.pointer + "/" + std::string(field);
      if (!key.empty()) {
        child.field += "[" + std::string(key) + "]";
        append_pointer_step(child.pointer, key);
      }
      child.uncorrelatable = stop.uncorrelatable;
      if (is_uncorrelatable && !child.uncorrelatable) {
        child.uncorrelatable = stop.field;
      }
      any = walk(rules, child, depth + 1) || any;
    };
    below(node.items, "items", {}, node.list != kube::ListKind::Map);
    below(node.additional, "additionalProperties", {}, false);
    for (const auto& property : place.schema->properties(node)) {
      below(property.schema, "properties", property.name, false);
    }
    rules.has_rules_below[static_cast<std::size_t>(&node - place.schema->nodes().data())] = any;
    return any;
  }

  void report(const KindRules& rules, const RulePlace& at, std::string message) {
    if (is_silent_) {
      return;
    }
    loaded_.problems.push_back({.kind = LoadProblem::Kind::DoesNotCompile,
                                .object = rules.definition,
                                .pointer = at.pointer,
                                .offset = at.offset,
                                .message = std::move(message),
                                .is_refused = true,
                                .is_given = false});
  }

  static std::string forbidden(const RulePlace& at, std::string_view why) {
    return at.field + ": Forbidden: " + std::string(why);
  }

  void report_total(const KindRules& rules, const RulePlace& schema) {
    for (const StaticBudget::Share& share : budget_.shares()) {
      report(rules, share.place,
             forbidden(share.place,
                       "contributed to estimated rule cost total exceeding cost limit for entire "
                       "OpenAPIv3 schema"));
    }
    report(rules, schema,
           forbidden(schema, over_budget("x-kubernetes-validations estimated rule cost total for "
                                         "entire OpenAPIv3 schema",
                                         budget_.total(), cel::kStaticCostPerDefinitionMax)));
  }

  // What an expression costs in the worst case, times how often it may be asked.
  void charge(const KindRules& rules, const RulePlace& at, std::string_view what,
              std::uint64_t cost) {
    if (cost > cel::kStaticCostPerRuleMax) {
      report(rules, at, forbidden(at, over_budget(what, cost, cel::kStaticCostPerRuleMax)));
    }
    budget_.add(at, cost);
  }

  // Two environments: oldSelf as it is, and as an optional.
  struct Environments {
    const cel::Type* self = nullptr;
    const cel::Environment* made[2] = {nullptr, nullptr};
  };
  const cel::Environment& environment(Environments& of, bool is_optional) {
    const cel::Environment*& made = of.made[is_optional ? 1 : 0];
    if (made == nullptr) {
      cel::Environment::Options options{
          .profile = {.dialect = cel::Dialect::Crd},
          .container = {},
          .variables = {{.name = "self", .type = of.self},
                        {.name = "oldSelf",
                         .type = is_optional ? table_.pool.optional(of.self) : of.self}},
          .functions = {},
          .types = &table_.types};
      auto environment = cel::Environment::create(table_.pool, std::move(options));
      table_.environments.push_back(std::move(environment.value()));
      made = &table_.environments.back();
    }
    return *made;
  }

  bool compile_rules(KindRules& rules, const Stop& stop) {
    const SchemaPlace& place = stop.place;
    const Node* list =
        place.node->source == nullptr ? nullptr : place.node->source->find(kValidations);
    if (list == nullptr || !list->is_array() || list->size() == 0) {
      return false;
    }
    const RulePlace at{.field = stop.field + ".x-kubernetes-validations",
                       .pointer = stop.pointer + "/x-kubernetes-validations",
                       .offset = list->offset()};
    Environments environments{.self = table_.types.type_of(table_.pool, place), .made = {}};
    if (environments.self == nullptr) {
      report(rules, at, "failed to convert to declType for CEL validation rules");
      return false;
    }
    std::vector<CompiledRule> compiled;
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Node& item = list->items()[i];
      const std::string index = std::to_string(i);
      if (auto rule = compile_rule(rules, stop, item,
                                   {.field = at.field + "[" + index + "]",
                                    .pointer = at.pointer + "/" + index,
                                    .offset = item.offset()},
                                   environments)) {
        rule->index = static_cast<std::uint32_t>(i);
        compiled.push_back(std::move(*rule));
      }
    }
    const bool any = !compiled.empty();
    if (any) {
      rules.rules.emplace(place.node, std::move(compiled));
    }
    return any;
  }

  std::optional<CompiledRule> compile_rule(const KindRules& rules, const Stop& stop,
                                           const Node& item, const RulePlace& at,
                                           Environments& environments) {
    const auto field = [&](const document::Name& name, std::string_view text) {
      const Node* found = item.find(name);
      return RulePlace{.field = at.field + "." + std::string(text),
                       .pointer = at.pointer + "/" + std::string(text),
                       .offset = found == nullptr ? at.offset : found->offset()};
    };
    CompiledRule rule;
    rule.rule = text_at(item, kRule);
    if (trimmed(rule.rule).empty()) {
      return std::nullopt;
    }
    rule.message = text_at(item, kMessage);
    rule.reason = text_at(item, kReason);
    const Node* optional = item.find(kOptionalOldSelf);
    rule.is_optional_old = optional != nullptr && optional->boolean();
    const RulePlace rule_place = field(kRule, "rule");
    rule.offset = rule_place.offset;
    rule.pointer = rule_place.pointer;
    const cel::Environment& in = environment(environments, rule.is_optional_old);
    const SchemaSizes::Estimator sizes(*sizes_, stop.place);
    auto made = compile(rules, rule_place, rule.rule, in, sizes, Expected::Bool);
    if (!made) {
      return std::nullopt;
    }
    rule.program = std::move(made->program);
    rule.uses_old =
        std::ranges::find(rule.program.variables_used(), 1U) != rule.program.variables_used().end();
    RuleCost& cost = loaded_.costs.emplace_back(
        RuleCost{.definition = rules.definition,
                 .pointer = rule.pointer,
                 .rule = made->cost_max,
                 .times = stop.cardinality.value_or(sizes_->per_request(*stop.place.node)),
                 .message = 0});
    charge(rules, rule_place, "estimated rule cost", multiply_costs(cost.rule, cost.times));
    if (const std::string_view message = text_at(item, kMessageExpression); !message.empty()) {
      const RulePlace message_place = field(kMessageExpression, "messageExpression");
      if (auto spoken = compile(rules, message_place, message, in, sizes, Expected::String)) {
        rule.message_program = std::move(spoken->program);
        // Once: a message is asked for when a rule fails.
        cost.message = spoken->cost_max;
        charge(rules, message_place, "estimated messageExpression cost", cost.message);
      }
    }
    if (rule.uses_old && stop.uncorrelatable) {
      report(rules, rule_place,
             "oldSelf cannot be used on the uncorrelatable portion of the schema within " +
                 *stop.uncorrelatable);
    } else if (!rule.uses_old && optional != nullptr && !optional->is_null()) {
      report(rules, field(kOptionalOldSelf, "optionalOldSelf"),
             "may not be set if oldSelf is not used in rule");
    }
    if (const std::string_view path = text_at(item, kFieldPath);
        !path.empty() && !normalise_path(path, *stop.place.schema, stop.place.node, rule.field_path,
                                         rule.field_pointer)) {
      rule.field_path.clear();
      rule.field_pointer.clear();
      report(rules, field(kFieldPath, "fieldPath"), "fieldPath must be a valid path");
    }
    return rule;
  }

  enum class Expected : std::uint8_t { Bool, String };
  struct Made {
    cel::Program program;
    std::uint64_t cost_max = 0;
  };

  std::optional<Made> compile(const KindRules& rules, const RulePlace& at, std::string_view text,
                              const cel::Environment& environment, const cel::SizeEstimator& sizes,
                              Expected expected) {
    const bool is_message = expected == Expected::String;
    const char* prefix =
        is_message ? "messageExpression compilation failed: " : "compilation failed: ";
    const auto failed = [&](std::span<const cel::Issue> issues) {
      report(rules, at, prefix + cel::to_string(issues, text, "<input>"));
      return std::nullopt;
    };
    auto ast =
        cel::parse(text, {.profile = environment.options().profile, .macros = true, .limits = {}});
    if (!ast) {
      return failed(ast.error());
    }
    auto checked = cel::check(std::move(*ast), environment);
    if (!checked) {
      return failed(checked.error());
    }
    if (checked->type().kind != (is_message ? cel::TypeKind::String : cel::TypeKind::Bool)) {
      report(rules, at,
             is_message ? "messageExpression must evaluate to a string"
                        : "cel expression must evaluate to a bool");
      return std::nullopt;
    }
    const std::uint64_t cost = cel::estimate(*checked, environment, &sizes).max;
    auto program = cel::compile(*checked, environment);
    if (!program) {
      return failed(program.error());
    }
    return Made{.program = std::move(*program), .cost_max = cost};
  }

  CustomRules::Table& table_;
  LoadedRules& loaded_;
  // Of the schema being read.
  const SchemaSizes* sizes_ = nullptr;
  StaticBudget budget_;
  bool is_silent_ = false;
};

}  // namespace

LoadedRules CustomRules::load(const kube::CustomKinds& kinds,
                              std::span<const kube::Object> definitions) {
  LoadedRules loaded;
  auto table = std::make_unique<Table>();
  std::unordered_map<std::string, const kube::Object*> by_name;
  for (const kube::Object& object : definitions) {
    if (object.ref.kind == "CustomResourceDefinition") {
      by_name[std::string(object.ref.name)] = &object;
    }
  }
  RuleLoader loader(*table, loaded);
  for (const kube::ApiKind& kind : kinds.kinds()) {
    const auto found = by_name.find(std::string(kind.plural) + "." + std::string(kind.group));
    loader.load(kind, found == by_name.end() ? nullptr : found->second);
  }
  loaded.rules = CustomRules(std::move(table));
  return loaded;
}

}  // namespace tally::admission_policy
