#include "jmespath/internal/lexer.hpp"

#include <fmt/format.h>

#include <array>

#include "base/arena.hpp"
#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/runes.hpp"

namespace tally::jmespath {

namespace {

constexpr std::array<std::string_view, 31> kTokenNames{
    "tUnknown",
    "tStar",
    "tDot",
    "tFilter",
    "tFlatten",
    "tLparen",
    "tRparen",
    "tLbracket",
    "tRbracket",
    "tLbrace",
    "tRbrace",
    "tOr",
    "tPipe",
    "tNumber",
    "tUnquotedIdentifier",
    "tQuotedIdentifier",
    "tComma",
    "tColon",
    "tLT",
    "tLTE",
    "tGT",
    "tGTE",
    "tEQ",
    "tNE",
    "tJSONLiteral",
    "tStringLiteral",
    "tCurrent",
    "tExpref",
    "tAnd",
    "tNot",
    "tEOF",
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

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

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

  // Only \' is an escape; every other backslash stands for itself.
  bool raw_string() {
    const std::size_t begin = at_++;
    std::string unescaped;
    while (at_ < text_.size() && text_[at_] != '\'') {
      at_ += text_.substr(at_).starts_with("\\'") ? 1 : 0;
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
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
  SyntaxError error_;
};

}  // namespace

std::string_view token_name(TokenKind kind) noexcept {
  return kTokenNames[static_cast<std::size_t>(kind)];
}

std::expected<std::vector<Token>, SyntaxError> tokenize(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace tally::jmespath
