#pragma once
// A syntax tree as text, for tests: every node in full parentheses, comprehensions with all parts.

#include <string>

#include "cel/ast.hpp"

namespace tally::cel {

[[nodiscard]] std::string ast_text(const Ast& ast);

}  // namespace tally::cel
