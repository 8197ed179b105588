#pragma once
// A Pratt parser for
//
//   expression     = sub-expression / index-expression / comparator / or / and / not / "(" ... ")"
//                  / multi-select-list / multi-select-hash / literal / function / pipe / "@" / "*"
//   sub-expression = expression "." ( identifier / multi-select / function / "*" )
//   bracket        = "[" ( number / "*" / slice ) "]" / "[]" / "[?" expression "]"
//   slice          = [number] ":" [number] [ ":" [number] ]
//   function       = identifier "(" [ argument *( "," argument ) ] ")"
//   argument       = expression / "&" expression
//
// and in Dialect::KyvernoJson (https://jmespath.site/main/spec, JEPs 16 and 18)
//
//   expression     = ... / "$" [name] / let / arithmetic
//   let            = "let" "$" name "=" expression *( "," "$" name "=" expression ) "in" expression
//   arithmetic     = expression ( "+" / "-" / "*" / "/" / "//" / "%" ) expression
//                  / ( "+" / "-" ) expression
//
// (https://jmespath.org/specification.html#grammar), with the lenience of parser.go of
// github.com/kyverno/go-jmespath, which Dialect::Standard shares: no valid expression is concerned.

#include "jmespath/expression.hpp"
#include "jmespath/internal/ast.hpp"

namespace tally::jmespath {

[[nodiscard]] std::expected<Ast, SyntaxError> parse(std::string_view text, Dialect dialect,
                                                    const Limits& limits);

}  // namespace tally::jmespath
