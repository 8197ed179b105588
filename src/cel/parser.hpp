#pragma once
// Text to syntax tree. Grammar: cel-spec doc/langdef.md, "Syntax" (EBNF in parser.cpp).
// Hand-written; macros are expanded here, because they are syntax.

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "cel/ast.hpp"
#include "cel/profile.hpp"

namespace tally::cel {

struct ParseLimits {
  std::size_t characters_max = 100'000;  // cel-go's ExpressionSizeCodePointLimit
  std::uint32_t depth_max = 250;         // cel-go's MaxRecursionDepth; more than 1,000 is 1,000
  std::uint32_t nodes_max = 100'000;     // after macro expansion; cel-go's MaxExpressionNodeCount
};

struct ParseOptions {
  Profile profile;
  bool macros = true;  // false: has(), all() ... stay calls (cel-spec's disable_macros)
  ParseLimits limits;
};

// Issues: at most 100 (cel-go's error limit), in order of position.
[[nodiscard]] std::expected<Ast, std::vector<Issue>> parse(std::string_view text,
                                                           const ParseOptions& options);

}  // namespace tally::cel
