#pragma once
// Syntax tree to typed syntax tree: name resolution (containers by longest prefix, leading dot,
// comprehension variables shadow), overload resolution with type inference, cel-go's rules
// (checker/checker.go) and texts.

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/ast.hpp"
#include "cel/function.hpp"
#include "cel/profile.hpp"
#include "cel/type.hpp"

namespace tally::cel {

struct Variable {
  std::string name;  // may be qualified: "a.b.c"
  const Type* type = nullptr;
};

// A function that the caller declares beyond the libraries (type_env of the conformance suite); it
// has no implementation.
struct DeclaredFunction {
  struct DeclaredOverload {
    std::string id;
    bool member = false;
    std::vector<const Type*> args;
    const Type* result = nullptr;
  };
  std::string name;
  std::vector<DeclaredOverload> overloads;
};

// What an expression is compiled against. Built once per host and shared: building parses the
// signatures of the profile's libraries; checking an expression does not change it.
class Environment {
 public:
  struct Options {
    Profile profile;
    std::string container;  // "a.b": names are also looked up as a.b.name, then a.name
    std::vector<Variable> variables;
    std::vector<DeclaredFunction> functions;
    const TypeProvider* types = nullptr;  // must outlive the environment; may be null
  };
  // `pool` holds the types of `options` and must outlive the environment; checking adds to it, so
  // one thread at a time compiles.
  static Result<Environment> create(TypePool& pool, Options options);
  ~Environment();
  Environment(Environment&&) noexcept;
  Environment& operator=(Environment&&) noexcept;

  [[nodiscard]] const Options& options() const noexcept;
  [[nodiscard]] TypePool& pool() const noexcept;

  struct Table;  // internal/environment_table.hpp
  [[nodiscard]] const Table& table() const noexcept { return *table_; }

 private:
  explicit Environment(std::unique_ptr<Table> table);
  std::unique_ptr<Table> table_;
};

// What an identifier or a qualified selection turned out to be.
enum class ReferenceKind : std::uint8_t { None, Variable, Local, TypeName, EnumConstant, Function };

struct Reference {
  ReferenceKind kind = ReferenceKind::None;
  std::uint32_t variable = 0;        // index into Environment::Options::variables
  std::string_view name;             // resolved, fully qualified
  Value constant;                    // EnumConstant; TypeName: the type value
  std::uint32_t first_overload = 0;  // Function: into CheckedAst::overloads
  std::uint32_t overload_count = 0;  // candidates that remain; 1: dispatch is decided
};

// What the evaluator calls. `function` and `overload` are rows of all_functions(); overload is null
// for a DeclaredFunction.
struct ResolvedOverload {
  const Function* function = nullptr;
  const Overload* overload = nullptr;
};

struct CheckedAst {
  Ast ast;
  std::vector<const Type*> types;     // by ExprId
  std::vector<Reference> references;  // by ExprId
  std::vector<ResolvedOverload> overloads;
  std::vector<Issue> warnings;

  [[nodiscard]] const Type& type() const noexcept { return *types[ast.root]; }
};

[[nodiscard]] std::expected<CheckedAst, std::vector<Issue>> check(Ast ast,
                                                                  const Environment& environment);

// Without types: names are resolved, every overload of the right shape remains a candidate
// (cel-spec's disable_check; also for programs from hosts that do not check).
[[nodiscard]] std::expected<CheckedAst, std::vector<Issue>> resolve_unchecked(
    Ast ast, const Environment& environment);

}  // namespace tally::cel
