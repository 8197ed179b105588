#pragma once
// Which declaration a name means: comprehension variables before everything, then the container's
// candidates from the longest to the shortest (cel-spec doc/langdef.md, "Name Resolution"; cel-go
// common/containers, checker/env.go). A leading dot skips both.

#include <string>
#include <string_view>
#include <vector>

#include "cel/internal/environment_table.hpp"

namespace tally::cel {

class Names {
 public:
  explicit Names(const Environment::Table& table) : table_(table) {}

  struct Local {
    std::string_view name;
    const Type* type;
  };
  std::vector<Local> locals;  // the innermost last

  [[nodiscard]] const Local* find_local(std::string_view name) const noexcept {
    for (auto it = locals.rbegin(); it != locals.rend(); ++it) {
      if (it->name == name) {
        return &*it;
      }
    }
    return nullptr;
  }

  // What a global name means; kind None: nothing. `name` of the result lives as long as the
  // environment, or in `arena`.
  struct Global {
    Reference reference;
    const Type* type = nullptr;
  };
  [[nodiscard]] Global find_global(Arena& arena, std::string_view name);
  // The same for a type in front of a struct literal; `type` is the type itself.
  [[nodiscard]] Global find_message_type(Arena& arena, std::string_view name);
  [[nodiscard]] const TypedFunction* find_function(std::string_view name);

  // "a.b.c" of a chain of selections that begins with an identifier, in a buffer that the next call
  // overwrites; empty: it is none.
  [[nodiscard]] std::string_view qualified(const Ast& ast, ExprId id);
  // Whether a longer name that begins with this identifier can mean a variable, type or constant...
  [[nodiscard]] bool may_qualify_name(std::string_view first) const;
  // ... or a function.
  [[nodiscard]] bool may_qualify_function(std::string_view first) const;

 private:
  // Calls `look` with each candidate until it returns true.
  template <class Look>
  bool candidates(std::string_view name, Look look);
  bool global(Arena& arena, std::string_view full, Global& out);
  bool global_type(Arena& arena, std::string_view full, Global& out);

  const Environment::Table& table_;
  std::string candidate_;
  std::string qualified_;
  std::vector<std::string_view> segments_;
};

// The identifier at the root of a chain of selections, or an empty name.
[[nodiscard]] std::string_view root_identifier(const Ast& ast, ExprId id) noexcept;

}  // namespace tally::cel
