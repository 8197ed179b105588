// Lexical grammar (cel-spec doc/langdef.md "Syntax", cel-go parser/gen/CEL.g4):
//
//   IDENT          ::= [_a-zA-Z][_a-zA-Z0-9]*
//   ESC_IDENT      ::= "`" [_a-zA-Z0-9./ -]+ "`"
//   INT_LIT        ::= DIGIT+ | 0x HEXDIGIT+
//   UINT_LIT       ::= INT_LIT [uU]
//   FLOAT_LIT      ::= DIGIT+ . DIGIT+ EXPONENT? | DIGIT+ EXPONENT | . DIGIT+ EXPONENT?
//   STRING_LIT     ::= [rR]? ( "..." | '...' | """...""" | '''...''' )
//   BYTES_LIT      ::= [bB] STRING_LIT
//   ESCAPE         ::= \ [abfnrtv"'\?`] | \x HEX HEX | \u HEX*4 | \U HEX*8 | \ [0-3][0-7][0-7]
//   WHITESPACE     ::= [\t\n\f\r ]+
//   COMMENT        ::= // ...
#include "cel/internal/lexer.hpp"

#include <array>

namespace tally::cel {

namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_word(char c) noexcept { return is_letter(c) || is_digit(c); }

std::size_t character_length(char lead) noexcept {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// One step of the lexer. `end` is where the token ends; for no token, where the first character
// stands with which no token can go on.
struct Match {
  bool found = false;
  Token token = Token::Eof;
  std::size_t end = 0;
};

class Lexer {
 public:
  Lexer(std::string_view text, std::vector<Issue>& issues) : text_(text), issues_(issues) {}

  std::vector<Lexeme> run() {
    std::vector<Lexeme> out;
    out.reserve(text_.size() / 3 + 8);
    std::size_t at = 0;
    while (skip_blank(at), at < text_.size()) {
      const Match match = next(at);
      if (match.found) {
        out.push_back(
            {match.token, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(match.end)});
        at = match.end;
        continue;
      }
      std::size_t stop = match.end;
      if (stop < text_.size()) {
        stop += character_length(text_[stop]);
      }
      if (issues_.size() < kIssuesMax) {
        issues_.push_back(
            {static_cast<std::uint32_t>(at), "Syntax error: token recognition error at: '" +
                                                 std::string(text_.substr(at, stop - at)) + "'"});
      }
      at = stop;
    }
    const auto size = static_cast<std::uint32_t>(text_.size());
    out.push_back({Token::Eof, size, size});
    return out;
  }

 private:
  [[nodiscard]] char peek(std::size_t at) const noexcept {
    return at < text_.size() ? text_[at] : '\0';
  }

  void skip_blank(std::size_t& at) const noexcept {
    for (; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '/' && peek(at + 1) == '/') {
        at = std::min(text_.find('\n', at), text_.size());
        if (at == text_.size()) {
          return;
        }
      } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f') {
        return;
      }
    }
  }

  [[nodiscard]] Match next(std::size_t at) const {
    const char c = text_[at];
    if (is_letter(c)) {
      return word(at);
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(at + 1)))) {
      return number(at);
    }
    if (c == '"' || c == '\'') {
      return quoted(at, at, Token::String, false);
    }
    if (c == '`') {
      return escaped_identifier(at);
    }
    return symbol(at);
  }

  [[nodiscard]] Match symbol(std::size_t at) const {
    const auto one = [at](Token token) { return Match{true, token, at + 1}; };
    const auto two = [at](Token token) { return Match{true, token, at + 2}; };
    const bool equals = peek(at + 1) == '=';
    switch (text_[at]) {
      case '=':
        return equals ? two(Token::Equals) : Match{false, Token::Eof, at + 1};
      case '!':
        return equals ? two(Token::NotEquals) : one(Token::Exclamation);
      case '<':
        return equals ? two(Token::LessEquals) : one(Token::Less);
      case '>':
        return equals ? two(Token::GreaterEquals) : one(Token::Greater);
      case '&':
        return peek(at + 1) == '&' ? two(Token::And) : Match{false, Token::Eof, at + 1};
      case '|':
        return peek(at + 1) == '|' ? two(Token::Or) : Match{false, Token::Eof, at + 1};
      case '[':
        return one(Token::LeftBracket);
      case ']':
        return one(Token::RightBracket);
      case '{':
        return one(Token::LeftBrace);
      case '}':
        return one(Token::RightBrace);
      case '(':
        return one(Token::LeftParen);
      case ')':
        return one(Token::RightParen);
      case '.':
        return one(Token::Dot);
      case ',':
        return one(Token::Comma);
      case '-':
        return one(Token::Minus);
      case '?':
        return one(Token::Question);
      case ':':
        return one(Token::Colon);
      case '+':
        return one(Token::Plus);
      case '*':
        return one(Token::Star);
      case '/':
        return one(Token::Slash);
      case '%':
        return one(Token::Percent);
      default:
        return {false, Token::Eof, at};
    }
  }

  [[nodiscard]] Match word(std::size_t at) const {
    // r"", b"", br"" (the letters of either case).
    const char c = static_cast<char>(text_[at] | 0x20);
    std::size_t quote = at + 1;
    bool raw = c == 'r';
    if (c == 'b' && (peek(quote) | 0x20) == 'r') {
      raw = true;
      ++quote;
    }
    if ((c == 'r' || c == 'b') && (peek(quote) == '"' || peek(quote) == '\'')) {
      const Match literal = quoted(at, quote, c == 'b' ? Token::Bytes : Token::String, raw);
      if (literal.found) {
        return literal;
      }
    }
    std::size_t end = at + 1;
    while (end < text_.size() && is_word(text_[end])) {
      ++end;
    }
    const std::string_view name = text_.substr(at, end - at);
    Token token = Token::Identifier;
    if (name.size() <= 5) {
      if (name == "in") {
        token = Token::In;
      } else if (name == "true") {
        token = Token::True;
      } else if (name == "false") {
        token = Token::False;
      } else if (name == "null") {
        token = Token::Null;
      }
    }
    return {true, token, end};
  }

  [[nodiscard]] std::size_t digits(std::size_t at) const noexcept {
    while (at < text_.size() && is_digit(text_[at])) {
      ++at;
    }
    return at;
  }

  // The end of an EXPONENT at `at`, or `at` if there is none.
  [[nodiscard]] std::size_t exponent(std::size_t at) const noexcept {
    if ((peek(at) | 0x20) != 'e') {
      return at;
    }
    const std::size_t sign = at + 1;
    const std::size_t first = peek(sign) == '+' || peek(sign) == '-' ? sign + 1 : sign;
    const std::size_t end = digits(first);
    return end == first ? at : end;
  }

  [[nodiscard]] Match number(std::size_t at) const {
    if (text_[at] == '0' && peek(at + 1) == 'x' && is_hex(peek(at + 2))) {
      std::size_t end = at + 2;
      while (is_hex(peek(end))) {
        ++end;
      }
      return (peek(end) | 0x20) == 'u' ? Match{true, Token::Uint, end + 1}
                                       : Match{true, Token::Int, end};
    }
    std::size_t end = digits(at);
    if (peek(end) == '.' && is_digit(peek(end + 1))) {
      return {true, Token::Float, exponent(digits(end + 1))};
    }
    if (const std::size_t with = exponent(end); with != end) {
      return {true, Token::Float, with};
    }
    if ((peek(end) | 0x20) == 'u') {
      return {true, Token::Uint, end + 1};
    }
    return {true, Token::Int, end};
  }

  [[nodiscard]] Match escaped_identifier(std::size_t at) const {
    std::size_t end = at + 1;
    while (is_word(peek(end)) || peek(end) == '.' || peek(end) == '-' || peek(end) == '/' ||
           peek(end) == ' ') {
      ++end;
    }
    if (peek(end) == '`' && end > at + 1) {
      return {true, Token::EscapedIdentifier, end + 1};
    }
    return {false, Token::Eof, end};
  }

  // The end of the escape sequence at `at`, or where it goes wrong.
  [[nodiscard]] bool escape(std::size_t at, std::size_t& end) const noexcept {
    const char c = peek(at + 1);
    end = at + 1;
    std::size_t hex = 0;
    switch (c) {
      case 'a':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
      case 'v':
      case '"':
      case '\'':
      case '\\':
      case '?':
      case '`':
        end = at + 2;
        return true;
      case 'x':
      case 'X':
        hex = 2;
        break;
      case 'u':
        hex = 4;
        break;
      case 'U':
        hex = 8;
        break;
      case '0':
      case '1':
      case '2':
      case '3':
        for (end = at + 2; end < at + 4; ++end) {
          if (peek(end) < '0' || peek(end) > '7') {
            return false;
          }
        }
        return true;
      default:
        return false;
    }
    for (end = at + 2; end < at + 2 + hex; ++end) {
      if (!is_hex(peek(end))) {
        return false;
      }
    }
    return true;
  }

  // `at`: start of the token; `quote`: its first quotation mark.
  [[nodiscard]] Match quoted(std::size_t at, std::size_t quote, Token token, bool raw) const {
    const char mark = text_[quote];
    const bool triple = peek(quote + 1) == mark && peek(quote + 2) == mark;
    if (triple) {
      const Match match = body(quote + 3, mark, token, {.raw = raw, .triple = true});
      // Unterminated: the empty text before the third mark is the longest match.
      return match.found ? match : Match{true, token, quote + 2};
    }
    static_cast<void>(at);
    return body(quote + 1, mark, token, {.raw = raw, .triple = false});
  }

  struct Quoting {
    bool raw;
    bool triple;
  };

  [[nodiscard]] Match body(std::size_t at, char mark, Token token, Quoting quoting) const {
    while (at < text_.size()) {
      const char c = text_[at];
      if (c == mark) {
        if (!quoting.triple) {
          return {true, token, at + 1};
        }
        if (peek(at + 1) == mark && peek(at + 2) == mark) {
          return {true, token, at + 3};
        }
      } else if (c == '\\' && !quoting.raw) {
        std::size_t end = at;
        if (!escape(at, end)) {
          return {false, token, end};
        }
        at = end;
        continue;
      } else if (!quoting.triple && (c == '\n' || c == '\r')) {
        break;
      }
      ++at;
    }
    return {false, token, at};
  }

  static constexpr std::size_t kIssuesMax = 100;
  std::string_view text_;
  std::vector<Issue>& issues_;
};

constexpr std::array<std::string_view, 36> kTokenNames = {
    "<EOF>",  "'=='",  "'!='",       "'in'",          "'<'",    "'<='",      "'>='",    "'>'",
    "'&&'",   "'||'",  "'['",        "']'",           "'{'",    "'}'",       "'('",     "')'",
    "'.'",    "','",   "'-'",        "'!'",           "'?'",    "':'",       "'+'",     "'*'",
    "'/'",    "'%'",   "'true'",     "'false'",       "'null'", "NUM_FLOAT", "NUM_INT", "NUM_UINT",
    "STRING", "BYTES", "IDENTIFIER", "ESC_IDENTIFIER"};

}  // namespace

std::vector<Lexeme> lex(std::string_view text, std::vector<Issue>& issues) {
  return Lexer(text, issues).run();
}

std::string to_string(TokenSet expected) {
  std::string out;
  std::size_t count = 0;
  for (std::size_t i = 0; i < kTokenNames.size(); ++i) {
    if ((expected >> i & 1U) != 0) {
      out += count++ == 0 ? "" : ", ";
      out += kTokenNames[i];
    }
  }
  return count == 1 ? out : "{" + out + "}";
}

}  // namespace tally::cel
