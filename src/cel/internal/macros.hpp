#pragma once
// Macros: calls that the parser replaces by other expressions. One row per name, style and number
// of arguments; a row that the profile does not have leaves the call as it is, and the checker says
// since when the macro exists.

#include <optional>
#include <string>

#include "cel/internal/ast_builder.hpp"
#include "cel/profile.hpp"

namespace tally::cel {

struct MacroCall {
  Place at;
  ExprId target = kNoExpr;  // of a member call
  std::span<const ExprId> arguments;
};

class MacroContext {
 public:
  MacroContext(AstBuilder& builder, std::vector<Issue>& issues, bool repeat_optional_target)
      : build(builder), repeat_target(repeat_optional_target), issues_(issues) {}

  AstBuilder& build;
  const bool repeat_target;  // Traits::optional_macros_repeat_target

  void report(ExprId where, std::string message) {
    issues_.push_back({build[where].offset, std::move(message)});
  }

 private:
  std::vector<Issue>& issues_;
};

// The expansion; kNoExpr: the arguments are wrong (reported); nothing: this is an ordinary call.
using Expander = std::optional<ExprId> (*)(MacroContext& context, const MacroCall& call);

struct MacroRow {
  std::string_view name;
  bool member = false;
  int arguments = 0;  // -1: any number
  Library library = Library::Standard;
  std::uint8_t library_version = 0;
  std::string_view receiver;  // not empty: what the receiver is called: "cel" of cel.bind()
  Expander expand = nullptr;
};

struct CallShape {
  std::string_view name;
  bool member = false;
  std::size_t arguments = 0;
  std::string_view receiver;  // the name of the receiver, if it is an identifier
};

// The row that a call matches, in whatever profile; null: no macro.
[[nodiscard]] const MacroRow* find_macro(const CallShape& shape) noexcept;

}  // namespace tally::cel
