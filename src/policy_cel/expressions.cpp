#include "policy_cel/expressions.hpp"

#include <algorithm>

#include "cel/authorizer.hpp"
#include "cel/kyverno_globals.hpp"
#include "cel/parser.hpp"

namespace tally::policy_cel {

using cel::Issue;
using cel::Type;
using cel::TypeKind;

namespace {

std::uint8_t kind_of(const Surroundings& s) noexcept {
  return static_cast<std::uint8_t>((s.variables ? 1U : 0U) | (s.params ? 2U : 0U) |
                                   (s.authorizer ? 4U : 0U) | (s.patch_types ? 8U : 0U) |
                                   (s.is_namespaced ? 16U : 0U));
}

constexpr std::string_view kInputNames[kInputs] = {"object",
                                                   "oldObject",
                                                   "namespaceObject",
                                                   "request",
                                                   "variables",
                                                   "params",
                                                   "authorizer",
                                                   "authorizer.requestResource",
                                                   "exceptions",
                                                   "images",
                                                   "attestors",
                                                   "attestations",
                                                   "ref",
                                                   "resource",
                                                   "http",
                                                   "globalContext",
                                                   "image",
                                                   "generator",
                                                   "json",
                                                   "yaml"};

bool is_kubernetes(const Surroundings& surroundings) noexcept {
  return surroundings.flavour == Flavour::Kubernetes;
}

CompileError failed(std::span<const Issue> issues, std::string_view text,
                    const Surroundings& surroundings) {
  return {.message = (is_kubernetes(surroundings) ? "compilation failed: " : "") +
                     cel::to_string(issues, text, "<input>"),
          .offset = issues.empty() || issues[0].offset == cel::kNoOffset ? 0 : issues[0].offset};
}

// compiler.CompileCELExpression: the return types, and how they are named in the message.
bool is_opaque(const Type& type, std::string_view name) noexcept {
  return type.kind == TypeKind::Opaque && type.name == name;
}

bool returns_as_demanded(const Type& type, Returns returns, const Surroundings& surroundings,
                         std::string& message) {
  std::string_view expected;
  switch (returns) {
    case Returns::Anything:
      return true;
    case Returns::Bool:
      if (type.kind == TypeKind::Bool) {
        return true;
      }
      expected = "bool";
      break;
    case Returns::String:
      if (type.kind == TypeKind::String) {
        return true;
      }
      expected = "string";
      break;
    case Returns::StringOrNull:
      if (type.kind == TypeKind::String || type.kind == TypeKind::Null) {
        return true;
      }
      expected = "one of [string null_type]";
      break;
    case Returns::Object:
      if (type.kind == TypeKind::Struct && type.name == kObjectType) {
        return true;
      }
      expected = "Object";
      break;
    case Returns::JsonPatch:
      if (type.kind == TypeKind::List && type.args[0]->kind == TypeKind::Struct &&
          type.args[0]->name == kJsonPatchType) {
        return true;
      }
      expected = "list(JSONPatch)";
      break;
    case Returns::ObjectMap:
      if (type.kind == TypeKind::Map && type.args[0]->kind == TypeKind::String &&
          type.args[1]->kind == TypeKind::Any) {
        return true;
      }
      message = "output type must be a map";
      return false;
    case Returns::Texts:
      if (type.kind == TypeKind::Dyn ||
          (type.kind == TypeKind::List &&
           (type.args[0]->kind == TypeKind::String || type.args[0]->kind == TypeKind::Dyn))) {
        return true;
      }
      expected = "list";
      break;
    case Returns::Authorization:
      if (type.kind == TypeKind::Null || is_opaque(type, "http.CheckResponse") ||
          is_opaque(type, "envoy.service.auth.v3.CheckResponse")) {
        return true;
      }
      message = "rule response output is expected to be of type CheckResponse";
      return false;
  }
  if (!is_kubernetes(surroundings)) {
    message = returns == Returns::StringOrNull
                  ? "output is expected to be either of type string or null_type"
                  : "output is expected to be of type " +
                        std::string(returns == Returns::JsonPatch ? "list" : expected);
    return false;
  }
  message = "must evaluate to " + std::string(expected) + " but got " + cel::to_string(type);
  return false;
}

// Makes every element of a list and every key and value of a map dyn, so that they may be of
// different types: cel-go without HomogeneousAggregateLiterals.
void free_literals(cel::Ast& ast) {
  const std::size_t count = ast.exprs.size();
  for (std::size_t i = 0; i < count; ++i) {
    const cel::Expr e = ast.exprs[i];
    if (e.kind != cel::ExprKind::List && e.kind != cel::ExprKind::Map) {
      continue;
    }
    for (std::uint32_t j = 0; j < e.child_count; ++j) {
      const cel::ExprId held = ast.child_ids[e.first_child + j];
      cel::Expr call;
      call.kind = cel::ExprKind::Call;
      call.name = "dyn";
      call.offset = ast.exprs[held].offset;
      call.end = ast.exprs[held].end;
      call.first_child = static_cast<std::uint32_t>(ast.child_ids.size());
      call.child_count = 1;
      ast.child_ids.push_back(held);
      ast.child_ids[e.first_child + j] = static_cast<cel::ExprId>(ast.exprs.size());
      ast.exprs.push_back(call);
    }
  }
}

}  // namespace

std::optional<std::uint32_t> Scope::find(std::string_view name) const noexcept {
  for (std::size_t i = variables.size(); i-- > 0;) {
    if (variables[i].name == name) {
      return static_cast<std::uint32_t>(i);
    }
  }
  return std::nullopt;
}

struct Expressions::Host {
  explicit Host(cel::Profile given) : profile(given) {}

  struct Place {
    Surroundings surroundings;
    cel::Profile profile;
    std::optional<cel::Environment> environment;
    std::array<Input, kInputs> inputs{};
    std::uint8_t input_count = 0;
  };

  cel::Profile profile;
  cel::TypePool pool;
  HostTypes plain{PatchTypes::No};
  HostTypes patching{PatchTypes::Yes};
  HostTypes kyverno{PatchTypes::No, nullptr, RequestObjects::Yes};
  HostTypes kyverno_patching{PatchTypes::Yes, nullptr, RequestObjects::Yes};
  std::deque<Place> places;
  std::vector<HostTypes::Variables> variables;  // by scope

  const Type* type_of(Input input) {
    switch (input) {
      case Input::NamespaceObject:
        return pool.named_struct(kNamespaceType);
      case Input::Request:
        return pool.named_struct(kRequestType);
      case Input::Variables:
        return pool.named_struct(kVariablesType);
      case Input::Authorizer:
        return pool.opaque(cel::kAuthorizerType);
      case Input::RequestResource:
        return pool.opaque(cel::kResourceCheckType);
      case Input::Exceptions:
        return pool.named_struct(kExceptionsType);
      case Input::Images:
        return pool.map(&cel::kString, pool.list(&cel::kString));
      case Input::Attestors:
        return pool.map(&cel::kString, &cel::kDyn);
      case Input::Attestations:
        return pool.map(&cel::kString, &cel::kString);
      case Input::Reference:
        return &cel::kString;
      case Input::Resource:
      case Input::Http:
      case Input::GlobalContext:
      case Input::ImageData:
      case Input::Generator:
      case Input::Json:
      case Input::Yaml:
        return pool.opaque(
            cel::kyverno_globals()[static_cast<std::size_t>(input) - kGivenInputs].type_name);
      case Input::Object:
      case Input::OldObject:
      case Input::Params:
        break;
    }
    return &cel::kDyn;
  }

  [[nodiscard]] cel::Profile profile_of(const Surroundings& surroundings) const {
    return is_kubernetes(surroundings) ? profile
                                       : cel::Profile{.dialect = cel::Dialect::Kyverno,
                                                      .namespaced = surroundings.is_namespaced};
  }

  // What Kyverno's policies see beside the request.
  template <class Add>
  static void add_libraries(const Surroundings& surroundings, const Add& add) {
    const Flavour flavour = surroundings.flavour;
    if (flavour == Flavour::KyvernoReference) {
      return;
    }
    if (flavour == Flavour::KyvernoReview || flavour == Flavour::KyvernoGenerate) {
      add(Input::Exceptions);
    }
    if (flavour == Flavour::KyvernoImages) {
      add(Input::Images);
      add(Input::Attestors);
      add(Input::Attestations);
    }
    add(Input::Resource);
    add(Input::Http);
    add(Input::ImageData);
    add(Input::Json);
    if (flavour != Flavour::KyvernoAuthorize) {
      add(Input::GlobalContext);
      add(Input::Yaml);
    }
    if (flavour == Flavour::KyvernoGenerate) {
      add(Input::Generator);
    }
  }

  // createEnvForOpts
  Place& place(const Surroundings& surroundings) {
    const auto known = std::ranges::find(places, surroundings, &Place::surroundings);
    if (known != places.end()) {
      return *known;
    }
    Place& found = places.emplace_back();
    found.surroundings = surroundings;
    found.profile = profile_of(surroundings);
    const auto add = [&](Input input) { found.inputs[found.input_count++] = input; };
    if (surroundings.flavour == Flavour::KyvernoReference) {
      add(Input::Reference);
    } else {
      add(Input::Object);
      if (surroundings.flavour != Flavour::KyvernoAuthorize) {
        add(Input::OldObject);
        add(Input::NamespaceObject);
        add(Input::Request);
      }
    }
    if (!is_kubernetes(surroundings)) {
      add_libraries(surroundings, add);
    }
    if (surroundings.variables) {
      add(Input::Variables);
    }
    if (surroundings.params) {
      add(Input::Params);
    }
    if (surroundings.authorizer) {
      add(Input::Authorizer);
      add(Input::RequestResource);
    }
    const HostTypes* types = is_kubernetes(surroundings)
                                 ? (surroundings.patch_types ? &patching : &plain)
                                 : (surroundings.patch_types ? &kyverno_patching : &kyverno);
    cel::Environment::Options options{.profile = found.profile,
                                      .container = {},
                                      .variables = {},
                                      .functions = {},
                                      .types = types};
    for (std::uint8_t i = 0; i < found.input_count; ++i) {
      const Input input = found.inputs[i];
      options.variables.push_back(
          {.name = std::string(kInputNames[static_cast<unsigned>(input)]), .type = type_of(input)});
    }
    // Names and types are ours: they do not collide.
    auto made = cel::Environment::create(pool, std::move(options));
    found.environment.emplace(std::move(made.value()));
    return found;
  }
};

Expressions::Expressions(cel::Profile profile) : host_(std::make_unique<Host>(profile)) {}
Expressions::~Expressions() = default;
Expressions::Expressions(Expressions&&) noexcept = default;
Expressions& Expressions::operator=(Expressions&&) noexcept = default;

ScopeId Expressions::open_scope(std::span<const VariableText> variables, bool has_params,
                                std::vector<VariableError>& errors) {
  return open_scope(variables,
                    {.variables = true,
                     .params = has_params,
                     .authorizer = true,
                     .patch_types = false,
                     .flavour = Flavour::Kubernetes,
                     .is_namespaced = false},
                    errors);
}

ScopeId Expressions::open_scope(std::span<const VariableText> variables,
                                const Surroundings& surroundings,
                                std::vector<VariableError>& errors) {
  const bool of_kyverno = !is_kubernetes(surroundings);
  std::string key;
  key += static_cast<char>('A' + kind_of(surroundings));
  key += static_cast<char>('a' + static_cast<int>(surroundings.flavour));
  for (const VariableText& variable : variables) {
    key += variable.name;
    key += '\0';
    key += variable.expression;
    key += '\0';
  }
  const auto [known, added] = by_variables_.try_emplace(key, static_cast<ScopeId>(scopes_.size()));
  const ScopeId id = known->second;
  if (!added) {
    // Its errors are found again: a policy with a broken variable is compiled in full.
    bool broken = false;
    for (const Scope::Variable& variable : scopes_[id].variables) {
      broken = broken || variable.program == kNoProgram;
    }
    if (!broken) {
      return id;
    }
    by_variables_.erase(known);
    return open_scope(variables, surroundings, errors);
  }
  scopes_.push_back(
      {.variables = {}, .has_params = surroundings.params, .is_of_kyverno = of_kyverno});
  host_->variables.resize(scopes_.size());
  for (std::size_t i = 0; i < variables.size(); ++i) {
    auto compiled = compile(variables[i].expression, Returns::Anything, id, surroundings);
    Scope::Variable entry{.name = std::string(variables[i].name), .program = kNoProgram};
    const Type* type = &cel::kDyn;
    if (compiled) {
      entry.program = *compiled;
      // Kyverno keeps the type as the checker found it.
      type = of_kyverno ? programs_[*compiled].type
                        : variable_type(host_->pool, *programs_[*compiled].type);
    } else {
      errors.push_back(
          {.index = static_cast<std::uint32_t>(i), .error = std::move(compiled.error())});
    }
    host_->variables[id].emplace_back(entry.name, type);
    scopes_[id].variables.push_back(std::move(entry));
  }
  return id;
}

std::expected<ProgramId, CompileError> Expressions::compile(std::string_view text, Returns returns,
                                                            ScopeId scope,
                                                            Surroundings surroundings) {
  // What does not even spell the word does not depend on the policy's variables. While a scope is
  // being opened, what a variable may use depends on its place.
  const bool scoped = surroundings.variables && scope != kNoScope &&
                      text.find("variables") != std::string_view::npos;
  std::string key;
  key += static_cast<char>('A' + kind_of(surroundings));
  key += static_cast<char>('a' + static_cast<int>(surroundings.flavour));
  key += static_cast<char>('a' + static_cast<int>(returns));
  if (scoped) {
    key += std::to_string(scope) + "/" + std::to_string(host_->variables[scope].size());
  }
  key += '\0';
  key += text;
  if (const auto known = by_text_.find(key); known != by_text_.end()) {
    return known->second;
  }

  const HostTypes::Variables* variables = scope == kNoScope ? nullptr : &host_->variables[scope];
  host_->plain.set_variables(variables);
  host_->patching.set_variables(variables);
  host_->kyverno.set_variables(variables);
  host_->kyverno_patching.set_variables(variables);
  Host::Place& place = host_->place(surroundings);
  const cel::ParseOptions options{.profile = place.profile, .macros = true, .limits = {}};
  auto ast = cel::parse(text, options);
  if (!ast) {
    return std::unexpected(failed(ast.error(), text, surroundings));
  }
  auto checked = cel::check(std::move(*ast), *place.environment);
  if (!checked && surroundings.flavour == Flavour::KyvernoGenerate) {
    auto freed = cel::parse(text, options);
    free_literals(*freed);
    if (auto again = cel::check(std::move(*freed), *place.environment)) {
      checked = std::move(again);
    }
  }
  if (!checked) {
    return std::unexpected(failed(checked.error(), text, surroundings));
  }
  if (std::string message; !returns_as_demanded(checked->type(), returns, surroundings, message)) {
    return std::unexpected(CompileError{.message = std::move(message), .offset = 0});
  }
  auto program = cel::compile(*checked, *place.environment);
  if (!program) {
    const CompileError error = failed(program.error(), text, surroundings);
    return std::unexpected(CompileError{.message = "program instantiation failed: " + error.message,
                                        .offset = error.offset});
  }
  CompiledExpression compiled{.program = std::move(*program),
                              .inputs = place.inputs,
                              .input_count = place.input_count,
                              .used = 0,
                              .type = nullptr};
  compiled.type = &compiled.program.result_type();
  for (const std::uint32_t index : compiled.program.variables_used()) {
    compiled.used |= 1U << static_cast<unsigned>(place.inputs[index]);
  }
  used_ |= compiled.used;
  programs_.push_back(std::move(compiled));
  const auto id = static_cast<ProgramId>(programs_.size() - 1);
  by_text_.emplace(std::move(key), id);
  return id;
}

}  // namespace tally::policy_cel
