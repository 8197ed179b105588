#pragma once
// Tokens of an expression, as lexer.go of github.com/kyverno/go-jmespath cuts them.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "jmespath/expression.hpp"

namespace tally::jmespath {

enum class TokenKind : std::uint8_t {
  Unknown,
  Star,
  Dot,
  Filter,   // [?
  Flatten,  // []
  LeftParen,
  RightParen,
  LeftBracket,
  RightBracket,
  LeftBrace,
  RightBrace,
  Or,
  Pipe,
  Number,
  Identifier,
  QuotedIdentifier,
  Comma,
  Colon,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Equal,
  NotEqual,
  JsonLiteral,
  RawString,
  Current,
  ExpressionRef,
  And,
  Not,
  Plus,
  Minus,
  Multiply,  // ×; * is Star
  Divide,
  Modulo,
  IntegerDivide,
  Variable,  // $name: the text is the name
  Root,      // $
  Assign,
  End,
};

// Upstream's names, which its messages use: "tRbracket", or "TOKRbracket" in KyvernoJson.
[[nodiscard]] std::string token_name(TokenKind kind, Dialect dialect);

struct Token {
  TokenKind kind = TokenKind::End;
  std::uint32_t offset = 0;
  std::string text;  // what stands inside quotes, unescaped
};

// The last token is End.
[[nodiscard]] std::expected<std::vector<Token>, SyntaxError> tokenize(std::string_view text,
                                                                      Dialect dialect);

}  // namespace tally::jmespath
