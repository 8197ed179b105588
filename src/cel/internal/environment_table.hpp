#pragma once
// What an Environment knows: functions with parsed signatures, variables, names of types. Looked up
// by full names; what a container adds to a name is the checker's business.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cel/checker.hpp"

namespace tally::cel {

struct TypedOverload {
  std::string_view id;
  bool member = false;
  bool open = false;  // has type parameters
  std::vector<const Type*> args;
  const Type* result = nullptr;
  ResolvedOverload row;
};

struct TypedFunction {
  std::string_view name;
  std::vector<TypedOverload> overloads;
};

// A name that denotes a type, or an enum constant of google.protobuf.
struct NamedType {
  const Type* type = nullptr;
  const Type* value = nullptr;  // what the name evaluates to: list(dyn) for list(A)
  std::optional<std::int64_t> constant;
};

struct Environment::Table {
  Options options;
  TypePool* pool = nullptr;
  Traits traits;
  Arena arena;  // names
  std::unordered_map<std::string_view, TypedFunction> functions;
  std::unordered_map<std::string_view, std::uint32_t> variables;
  std::unordered_map<std::string_view, NamedType> types;
  // The first segments of dotted names: whether `a.b.c` is worth a look.
  std::unordered_set<std::string_view> function_namespaces;
  std::unordered_set<std::string_view> name_namespaces;
};

// "(list(A), int) -> A".
struct Signature {
  std::vector<const Type*> args;
  const Type* result = nullptr;
};
[[nodiscard]] Result<Signature> parse_signature(TypePool& pool, std::string_view text);

// google.protobuf.*: what the name denotes, or null; the type of a field of such a message, or
// null.
[[nodiscard]] const Type* well_known_type(TypePool& pool, std::string_view name);
[[nodiscard]] const Type* well_known_field(TypePool& pool, std::string_view message,
                                           std::string_view field);
// The names that well_known_type() knows.
[[nodiscard]] std::span<const std::string_view> well_known_names() noexcept;

// ", which exists since Kubernetes 1.32" for a function or macro that another profile has, or an
// empty text.
[[nodiscard]] std::string provided_elsewhere(const Profile& profile, std::string_view function,
                                             std::string_view qualified_function,
                                             std::size_t arguments, bool member);

}  // namespace tally::cel
