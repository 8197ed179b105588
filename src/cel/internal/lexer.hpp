#pragma once
// Tokens of CEL. Like cel-go's ANTLR lexer: the longest match wins, what matches nothing is
// reported and skipped, so that one wrong character does not hide the other errors.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cel/ast.hpp"

namespace tally::cel {

// In the order of cel-go's grammar: messages list expected tokens in this order.
enum class Token : std::uint8_t {
  Eof,
  Equals,
  NotEquals,
  In,
  Less,
  LessEquals,
  GreaterEquals,
  Greater,
  And,
  Or,
  LeftBracket,
  RightBracket,
  LeftBrace,
  RightBrace,
  LeftParen,
  RightParen,
  Dot,
  Comma,
  Minus,
  Exclamation,
  Question,
  Colon,
  Plus,
  Star,
  Slash,
  Percent,
  True,
  False,
  Null,
  Float,
  Int,
  Uint,
  String,
  Bytes,
  Identifier,
  EscapedIdentifier,
};

// A set of tokens, one bit each.
using TokenSet = std::uint64_t;
[[nodiscard]] constexpr TokenSet set_of(Token token) noexcept {
  return TokenSet{1} << static_cast<unsigned>(token);
}
template <class... Tokens>
[[nodiscard]] constexpr TokenSet set_of(Token first, Tokens... rest) noexcept {
  return set_of(first) | set_of(rest...);
}

struct Lexeme {
  Token token = Token::Eof;
  std::uint32_t offset = 0;
  std::uint32_t end = 0;
};

// All tokens, Eof last. `text` is valid UTF-8 and shorter than 4 GiB.
[[nodiscard]] std::vector<Lexeme> lex(std::string_view text, std::vector<Issue>& issues);

// As ANTLR prints it in "expecting ...": "'['", "NUM_INT", "{'}', ','}".
[[nodiscard]] std::string to_string(TokenSet expected);

// The value of a STRING or BYTES token ("r" and "b" prefixes and quotes included) in `out`, which
// reuses `token` where nothing is escaped. Returns what is wrong with it, or an empty text.
[[nodiscard]] std::string_view unquote(Arena& arena, std::string_view token, bool bytes,
                                       std::string_view& out);

}  // namespace tally::cel
