#include "jmespath/internal/lexer.hpp"

#include <fmt/format.h>

#include <array>

#include "base/arena.hpp"
#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/runes.hpp"

namespace tally::jmespath {

namespace {

constexpr std::array<std::string_view, 40> kTokenNames{
    "Unknown",
    "Star",
    "Dot",
    "Filter",
    "Flatten",
    "Lparen",
    "Rparen",
    "Lbracket",
    "Rbracket",
    "Lbrace",
    "Rbrace",
    "Or",
    "Pipe",
    "Number",
    "UnquotedIdentifier",
    "QuotedIdentifier",
    "Comma",
    "Colon",
    "LT",
    "LTE",
    "GT",
    "GTE",
    "EQ",
    "NE",
    "JSONLiteral",
    "StringLiteral",
    "Current",
    "Expref",
    "And",
    "Not",
    "Plus",
    "Minus",
    "Multiply",
    "Divide",
    "Modulo",
    "Div",
    "Varref",
    "Root",
    "Assign",
    "EOF",
};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool starts_identifier(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

TokenKind single(char c) noexcept {
  switch (c) {
    case '.':
      return TokenKind::Dot;
    case '*':
      return TokenKind::Star;
    case ',':
      return TokenKind::Comma;
    case ':':
      return TokenKind::Colon;
    case '{':
      return TokenKind::LeftBrace;
    case '}':
      return TokenKind::RightBrace;
    case ']':
      return TokenKind::RightBracket;
    case '(':
      return TokenKind::LeftParen;
    case ')':
      return TokenKind::RightParen;
    case '@':
      return TokenKind::Current;
    default:
      return TokenKind::Unknown;
  }
}

// A token of one character, or of that and a second one.
struct Pair {
  char first;
  char second;
  TokenKind both;
  TokenKind alone;
};
constexpr std::array<Pair, 6> kPairs{{
    {'|', '|', TokenKind::Or, TokenKind::Pipe},
    {'<', '=', TokenKind::LessEqual, TokenKind::Less},
    {'>', '=', TokenKind::GreaterEqual, TokenKind::Greater},
    {'!', '=', TokenKind::NotEqual, TokenKind::Not},
    {'=', '=', TokenKind::Equal, TokenKind::Unknown},
    {'&', '&', TokenKind::And, TokenKind::ExpressionRef},
}};

// strconv.QuoteRuneToASCII.
std::string quoted_rune(char32_t code) {
  const auto number = static_cast<std::uint32_t>(code);
  if (code == '\\') {
    return "'\\\\'";
  }
  if (code >= 0x20 && code < 0x7F) {
    return fmt::format("'{}'", static_cast<char>(code));
  }
  return code < 0x80      ? fmt::format("'\\x{:02x}'", number)
         : code < 0x10000 ? fmt::format("'\\u{:04x}'", number)
                          : fmt::format("'\\U{:08x}'", number);
}

// Those that only KyvernoJson knows.
TokenKind arithmetic(std::string_view rest, std::size_t& size) noexcept {
  struct Sign {
    std::string_view text;
    TokenKind kind;
  };
  static constexpr std::array<Sign, 9> kSigns{{{"//", TokenKind::IntegerDivide},
                                               {"/", TokenKind::Divide},
                                               {"+", TokenKind::Plus},
                                               {"-", TokenKind::Minus},
                                               {"%", TokenKind::Modulo},
                                               {"\u2212", TokenKind::Minus},
                                               {"\u00d7", TokenKind::Multiply},
                                               {"\u00f7", TokenKind::Divide},
                                               {"=", TokenKind::Assign}}};
  for (const Sign& sign : kSigns) {
    if (rest.starts_with(sign.text)) {
      size = sign.text.size();
      return sign.kind;
    }
  }
  return TokenKind::Unknown;
}

class Lexer {
 public:
  Lexer(std::string_view text, Dialect dialect)
      : text_(text), is_kyverno_json_(dialect == Dialect::KyvernoJson) {}

  std::expected<std::vector<Token>, SyntaxError> run() {
    while (at_ < text_.size()) {
      if (!next()) {
        return std::unexpected(std::move(error_));
      }
    }
    add(TokenKind::End, at_, {});
    return std::move(tokens_);
  }

 private:
  void add(TokenKind kind, std::size_t offset, std::string_view text) {
    tokens_.push_back({kind, static_cast<std::uint32_t>(offset), std::string(text)});
  }
  bool fail(std::string message, std::size_t offset) {
    error_ = {std::move(message), static_cast<std::uint32_t>(offset)};
    return false;
  }

  bool next() {
    const char c = text_[at_];
    const std::size_t begin = at_;
    if (starts_identifier(c)) {
      while (at_ < text_.size() && (starts_identifier(text_[at_]) || is_digit(text_[at_]))) {
        ++at_;
      }
      // Upstream's test for the end lets U+0080 slip into the name.
      if (text_.substr(at_).starts_with("\xC2\x80")) {
        at_ += 2;
      }
      add(TokenKind::Identifier, begin, text_.substr(begin, at_ - begin));
      return true;
    }
    if (is_kyverno_json_ && text_.substr(at_, 2) != "==" &&
        (c != '-' || at_ + 1 >= text_.size() || !is_digit(text_[at_ + 1]))) {
      std::size_t size = 0;
      if (const TokenKind kind = arithmetic(text_.substr(at_), size); kind != TokenKind::Unknown) {
        at_ += size;
        add(kind, begin, {});
        return true;
      }
      if (c == '$') {
        ++at_;
        while (at_ < text_.size() && (starts_identifier(text_[at_]) || is_digit(text_[at_]))) {
          ++at_;
        }
        const std::string_view name = text_.substr(begin + 1, at_ - begin - 1);
        add(name.empty() ? TokenKind::Root : TokenKind::Variable, begin, name);
        return true;
      }
    }
    if (c == '-' || is_digit(c)) {
      do {
        ++at_;
      } while (at_ < text_.size() && is_digit(text_[at_]));
      add(TokenKind::Number, begin, text_.substr(begin, at_ - begin));
      return true;
    }
    if (c == '"' || c == '`') {
      return quoted(c);
    }
    if (c == '\'') {
      return raw_string();
    }
    ++at_;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      return true;
    }
    if (c == '[') {
      const char second = at_ < text_.size() ? text_[at_] : '\0';
      at_ += second == '?' || second == ']' ? 1 : 0;
      add(second == '?'   ? TokenKind::Filter
          : second == ']' ? TokenKind::Flatten
                          : TokenKind::LeftBracket,
          begin, {});
      return true;
    }
    for (const Pair& pair : kPairs) {
      if (c == pair.first) {
        const bool both = at_ < text_.size() && text_[at_] == pair.second;
        at_ += both ? 1 : 0;
        add(both ? pair.both : pair.alone, begin, {});
        return true;
      }
    }
    if (const TokenKind kind = single(c); kind != TokenKind::Unknown) {
      add(kind, begin, {});
      return true;
    }
    return fail("SyntaxError: Unknown char: " + quoted_rune(rune_at(text_, begin).code), begin);
  }

  // An identifier in double quotes, or a JSON literal in backticks.
  bool quoted(char quote) {
    const std::size_t begin = at_;
    std::size_t end = begin + 1;
    while (end < text_.size() && text_[end] != quote) {
      end += text_[end] == '\\' && end + 1 < text_.size() ? 2 : 1;
    }
    if (end >= text_.size()) {
      return fail(fmt::format("SyntaxError: Unclosed delimiter: {}", quote), text_.size());
    }
    const std::string_view inside = text_.substr(begin + 1, end - begin - 1);
    at_ = end + 1;
    if (quote == '`') {
      std::string unescaped;
      for (std::size_t i = 0; i < inside.size(); ++i) {
        i += inside.substr(i).starts_with("\\`") ? 1 : 0;
        unescaped += inside[i];
      }
      add(TokenKind::JsonLiteral, begin, unescaped);
      return true;
    }
    Arena arena;
    const auto name = read_go_json(text_.substr(begin, end - begin + 1), arena, {.depth = 1});
    if (!name) {
      return fail(name.error(), begin);
    }
    add(TokenKind::QuotedIdentifier, begin, name->text());
    return true;
  }

  // Only \' is an escape, and \\ in KyvernoJson; every other backslash stands for itself.
  bool raw_string() {
    const std::size_t begin = at_++;
    std::string unescaped;
    while (at_ < text_.size() && text_[at_] != '\'') {
      const std::string_view rest = text_.substr(at_);
      at_ += rest.starts_with("\\'") || (is_kyverno_json_ && rest.starts_with("\\\\")) ? 1 : 0;
      unescaped += text_[at_++];
    }
    if (at_ >= text_.size()) {
      return fail("SyntaxError: Unclosed delimiter: '", text_.size());
    }
    ++at_;
    add(TokenKind::RawString, begin, unescaped);
    return true;
  }

  std::string_view text_;
  bool is_kyverno_json_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
  SyntaxError error_;
};

}  // namespace

std::string token_name(TokenKind kind, Dialect dialect) {
  const std::string_view prefix = dialect == Dialect::KyvernoJson ? "TOK" : "t";
  return fmt::format("{}{}", prefix, kTokenNames[static_cast<std::size_t>(kind)]);
}

std::expected<std::vector<Token>, SyntaxError> tokenize(std::string_view text, Dialect dialect) {
  return Lexer(text, dialect).run();
}

}  // namespace tally::jmespath
