#include "policy_cel/expressions.hpp"

#include "cel/authorizer.hpp"
#include "cel/parser.hpp"

namespace tally::policy_cel {

using cel::Issue;
using cel::Type;
using cel::TypeKind;

namespace {

std::uint8_t kind_of(const Surroundings& s) noexcept {
  return static_cast<std::uint8_t>((s.variables ? 1U : 0U) | (s.params ? 2U : 0U) |
                                   (s.authorizer ? 4U : 0U) | (s.patch_types ? 8U : 0U));
}

constexpr std::string_view kInputNames[kInputs] = {
    "object",    "oldObject", "namespaceObject", "request",
    "variables", "params",    "authorizer",      "authorizer.requestResource"};

CompileError failed(std::span<const Issue> issues, std::string_view text) {
  return {.message = "compilation failed: " + cel::to_string(issues, text, "<input>"),
          .offset = issues.empty() || issues[0].offset == cel::kNoOffset ? 0 : issues[0].offset};
}

// compiler.CompileCELExpression: the return types, and how they are named in the message.
bool returns_as_demanded(const Type& type, Returns returns, std::string& message) {
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
  }
  message = "must evaluate to " + std::string(expected) + " but got " + cel::to_string(type);
  return false;
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
    std::optional<cel::Environment> environment;
    std::array<Input, kInputs> inputs{};
    std::uint8_t input_count = 0;
  };

  cel::Profile profile;
  cel::TypePool pool;
  HostTypes plain{PatchTypes::No};
  HostTypes patching{PatchTypes::Yes};
  std::array<Place, 16> places;
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
      case Input::Object:
      case Input::OldObject:
      case Input::Params:
        break;
    }
    return &cel::kDyn;
  }

  // createEnvForOpts
  Place& place(const Surroundings& surroundings) {
    Place& found = places[kind_of(surroundings)];
    if (found.environment) {
      return found;
    }
    const auto add = [&](Input input) { found.inputs[found.input_count++] = input; };
    for (const Input input :
         {Input::Object, Input::OldObject, Input::NamespaceObject, Input::Request}) {
      add(input);
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
    cel::Environment::Options options{.profile = profile,
                                      .container = {},
                                      .variables = {},
                                      .functions = {},
                                      .types = surroundings.patch_types ? &patching : &plain};
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
  std::string key(has_params ? "p" : "-");
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
    return open_scope(variables, has_params, errors);
  }
  scopes_.push_back({.variables = {}, .has_params = has_params});
  host_->variables.resize(scopes_.size());
  for (std::size_t i = 0; i < variables.size(); ++i) {
    auto compiled = compile(
        variables[i].expression, Returns::Anything, id,
        {.variables = true, .params = has_params, .authorizer = true, .patch_types = false});
    Scope::Variable entry{.name = std::string(variables[i].name), .program = kNoProgram};
    const Type* type = &cel::kDyn;
    if (compiled) {
      entry.program = *compiled;
      type = variable_type(host_->pool, *programs_[*compiled].type);
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
  const bool scoped = surroundings.variables && text.find("variables") != std::string_view::npos;
  std::string key;
  key += static_cast<char>('A' + kind_of(surroundings));
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
  Host::Place& place = host_->place(surroundings);
  auto ast = cel::parse(text, {.profile = host_->profile, .macros = true, .limits = {}});
  if (!ast) {
    return std::unexpected(failed(ast.error(), text));
  }
  auto checked = cel::check(std::move(*ast), *place.environment);
  if (!checked) {
    return std::unexpected(failed(checked.error(), text));
  }
  if (std::string message; !returns_as_demanded(checked->type(), returns, message)) {
    return std::unexpected(CompileError{.message = std::move(message), .offset = 0});
  }
  auto program = cel::compile(*checked, *place.environment);
  if (!program) {
    const CompileError error = failed(program.error(), text);
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
    compiled.used = static_cast<std::uint8_t>(compiled.used |
                                              (1U << static_cast<unsigned>(place.inputs[index])));
  }
  used_ = static_cast<std::uint8_t>(used_ | compiled.used);
  programs_.push_back(std::move(compiled));
  const auto id = static_cast<ProgramId>(programs_.size() - 1);
  by_text_.emplace(std::move(key), id);
  return id;
}

}  // namespace tally::policy_cel
