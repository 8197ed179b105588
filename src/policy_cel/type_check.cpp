#include "policy_cel/type_check.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "cel/authorizer.hpp"
#include "cel/parser.hpp"
#include "policy_cel/schema_values.hpp"

namespace tally::policy_cel {

using cel::Type;
using cel::TypePool;
using kube::ApiKind;

namespace {

constexpr std::string_view kApiPrefix = "kubernetes.api.";
constexpr std::size_t kTypesPerRuleMax = 10;

// Types of built-in and custom kinds, by name.
class KindTypes final : public cel::TypeProvider {
 public:
  const Type* type_of(TypePool& pool, const ApiKind& kind) {
    if (kind.type) {
      return api_type(pool, *kind.type);
    }
    if (kind.schema == nullptr || !kind.schema->over_limit().empty()) {
      return nullptr;
    }
    return custom_.type_of(
        pool, {.schema = kind.schema, .node = &kind.schema->root(), .is_resource_root = true});
  }

  [[nodiscard]] const Type* find_type(TypePool& pool, std::string_view name) const override {
    kube::TypeIndex index = 0;
    return index_of(name, index) ? pool.named_struct(name) : custom_.find_type(pool, name);
  }
  [[nodiscard]] const Type* find_field(TypePool& pool, const Type& of,
                                       std::string_view field) const override {
    kube::TypeIndex index = 0;
    if (!index_of(of.name, index)) {
      return custom_.find_field(pool, of, field);
    }
    std::string name;
    const kube::ApiTypes& types = kube::api_types();
    const kube::FieldRow* row = unescape_identifier(field, name)
                                    ? types.find(types.type(index), std::string_view(name))
                                    : nullptr;
    return row == nullptr ? nullptr : api_type(pool, row->type);
  }

 private:
  static bool index_of(std::string_view name, kube::TypeIndex& index) {
    if (!name.starts_with(kApiPrefix)) {
      return false;
    }
    name.remove_prefix(kApiPrefix.size());
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), index);
    return failed == std::errc{} && end == name.data() + name.size() &&
           index < kube::api_types().types().size();
  }

  static const Type* api_type(TypePool& pool, kube::TypeIndex index) {
    const kube::TypeRow& row = kube::api_types().type(index);
    switch (row.kind) {
      case kube::TypeKind::Fields:
        return pool.named_struct(std::string(kApiPrefix) + std::to_string(index));
      case kube::TypeKind::Map:
        return pool.map(&cel::kString, api_type(pool, row.element));
      case kube::TypeKind::List:
        return pool.list(api_type(pool, row.element));
      case kube::TypeKind::String:
      case kube::TypeKind::Enum:
        return &cel::kString;
      case kube::TypeKind::Bytes:
        return &cel::kBytes;
      case kube::TypeKind::Int32:
      case kube::TypeKind::Int64:
        return &cel::kInt;
      case kube::TypeKind::Number:
        return &cel::kDouble;
      case kube::TypeKind::Bool:
        return &cel::kBool;
      case kube::TypeKind::Time:
      case kube::TypeKind::MicroTime:
        return &cel::kTimestamp;
      case kube::TypeKind::FreeObject:
      case kube::TypeKind::Quantity:
      case kube::TypeKind::IntOrString:
      case kube::TypeKind::Any:
        break;
    }
    return &cel::kDyn;
  }

  SchemaTypes custom_;
};

bool has_wildcard(const std::vector<std::string_view>& texts) {
  return std::ranges::any_of(
      texts, [](std::string_view text) { return text.find('*') != std::string_view::npos; });
}

}  // namespace

struct TypeChecker::State {
  const kube::CustomKinds* kinds = nullptr;
  cel::Profile profile;
  cel::TypePool pool;
  KindTypes types;
  HostTypes host{PatchTypes::No, &types};
  // By kind of the object, whether there are params, and their kind.
  std::map<std::tuple<const ApiKind*, bool, const ApiKind*>, cel::Environment> environments;

  const cel::Environment& environment(const ApiKind& kind, bool has_params, const ApiKind* params) {
    const auto key = std::make_tuple(&kind, has_params, params);
    if (const auto found = environments.find(key); found != environments.end()) {
      return found->second;
    }
    const Type* object = types.type_of(pool, kind);
    const Type* param = params == nullptr ? nullptr : types.type_of(pool, *params);
    cel::Environment::Options options{
        .profile = profile,
        .container = {},
        .variables = {{.name = "namespaceObject", .type = pool.named_struct(kNamespaceType)},
                      {.name = "request", .type = pool.named_struct(kRequestType)},
                      {.name = "object", .type = object == nullptr ? &cel::kDyn : object},
                      {.name = "oldObject", .type = object == nullptr ? &cel::kDyn : object},
                      {.name = "authorizer", .type = pool.opaque(cel::kAuthorizerType)},
                      {.name = "authorizer.requestResource",
                       .type = pool.opaque(cel::kResourceCheckType)},
                      {.name = "variables", .type = pool.named_struct(kVariablesType)}},
        .functions = {},
        .types = &host};
    if (has_params) {
      options.variables.push_back(
          {.name = "params", .type = param == nullptr ? &cel::kDyn : param});
    }
    auto made = cel::Environment::create(pool, std::move(options));
    return environments.emplace(key, std::move(made.value())).first->second;
  }

  // The type of an expression, or the issues as text.
  const Type* check(std::string_view text, const cel::Environment& environment,
                    std::string& issues) {
    auto ast = cel::parse(text, {.profile = profile, .macros = true, .limits = {}});
    if (!ast) {
      issues = cel::to_string(ast.error(), text, "<input>");
      return nullptr;
    }
    auto checked = cel::check(std::move(*ast), environment);
    if (!checked) {
      issues = cel::to_string(checked.error(), text, "<input>");
      return nullptr;
    }
    return variable_type(pool, checked->type());
  }
};

TypeChecker::TypeChecker(const kube::CustomKinds* kinds, cel::Profile profile)
    : state_(std::make_unique<State>()) {
  state_->kinds = kinds;
  state_->profile = profile;
}
TypeChecker::~TypeChecker() = default;
TypeChecker::TypeChecker(TypeChecker&&) noexcept = default;
TypeChecker& TypeChecker::operator=(TypeChecker&&) noexcept = default;

std::vector<const ApiKind*> TypeChecker::kinds_of(std::span<const ResourceRule> rules) const {
  std::vector<const ApiKind*> found;
  for (const ResourceRule& rule : rules) {
    if (has_wildcard(rule.groups) || has_wildcard(rule.versions)) {
      continue;
    }
    std::size_t count = 0;
    for (const std::string_view group : rule.groups) {
      for (const std::string_view version : rule.versions) {
        for (const ResourceRule::Resource& resource : rule.resources) {
          if (!resource.subresource.empty() || resource.name == "*" || count == kTypesPerRuleMax) {
            continue;
          }
          const ApiKind* kind = kube::find_resource(group, version, resource.name);
          if (kind == nullptr && state_->kinds != nullptr) {
            for (const ApiKind& row : state_->kinds->kinds()) {
              if (row.group == group && row.version == version && row.plural == resource.name) {
                kind = &row;
              }
            }
          }
          if (kind != nullptr && (kind->type || kind->schema != nullptr)) {
            found.push_back(kind);
            ++count;
          }
        }
      }
    }
  }
  const auto by_name = [](const ApiKind* kind) {
    return std::tie(kind->group, kind->version, kind->kind);
  };
  std::ranges::sort(found, {}, by_name);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

std::string TypeChecker::check(std::string_view expression, std::span<const VariableText> variables,
                               std::span<const ApiKind* const> kinds, bool has_params,
                               const ApiKind* params) {
  std::string out;
  for (const ApiKind* kind : kinds) {
    const cel::Environment& environment = state_->environment(*kind, has_params, params);
    HostTypes::Variables known;
    state_->host.set_variables(&known);
    for (const VariableText& variable : variables) {
      std::string ignored;
      const Type* type = state_->check(variable.expression, environment, ignored);
      known.emplace_back(std::string(variable.name), type == nullptr ? &cel::kDyn : type);
    }
    std::string issues;
    if (state_->check(expression, environment, issues) == nullptr) {
      out += (out.empty() ? "" : "\n") + std::string(kind->group) + "/" +
             std::string(kind->version) + ", Kind=" + std::string(kind->kind) + ": " + issues +
             "\n";
    }
    state_->host.set_variables(nullptr);
  }
  return out;
}

}  // namespace tally::policy_cel
