#include "jmespath/internal/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/lexer.hpp"
#include "jmespath/internal/operators.hpp"

namespace tally::jmespath {

namespace {

using enum TokenKind;

// strconv.Atoi.
std::optional<std::int64_t> read_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, Dialect dialect, const Limits& limits)
      : tokens_(std::move(tokens)), dialect_(dialect), limits_(limits) {}

  std::expected<Ast, SyntaxError> run() {
    if (parse_expression(0, ast_.root) && current() != End) {
      static_cast<void>(fail(
          fmt::format("Unexpected token at the end of the expression: {}", name_of(current()))));
    }
    if (failed_) {
      return std::unexpected(std::move(error_));
    }
    return std::move(ast_);
  }

 private:
  using Index = std::uint32_t;

  class [[nodiscard]] DepthGuard {
   public:
    explicit DepthGuard(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    ~DepthGuard() { --parser_.depth_; }
    DepthGuard(const DepthGuard&) = delete;
    DepthGuard& operator=(const DepthGuard&) = delete;

   private:
    Parser& parser_;
  };

  [[nodiscard]] const Token& token(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] TokenKind current() const { return token().kind; }
  void advance() { ++at_; }
  [[nodiscard]] std::string name_of(TokenKind kind) const { return token_name(kind, dialect_); }
  [[nodiscard]] bool is_kyverno_json() const { return dialect_ == Dialect::KyvernoJson; }

  bool fail_raw(std::string message, std::uint32_t offset) {
    if (!failed_) {
      failed_ = true;
      error_ = {std::move(message), offset};
    }
    return false;
  }
  bool fail(std::string_view message) { return fail_at(message, token().offset); }
  bool fail_at(std::string_view message, std::uint32_t offset) {
    return fail_raw(fmt::format("SyntaxError: {}", message), offset);
  }
  bool match(TokenKind kind) {
    if (current() != kind) {
      return fail(fmt::format("Expected {}, received: {}", name_of(kind), name_of(current())));
    }
    advance();
    return true;
  }

  static AstNode make(AstKind kind, std::uint32_t offset) {
    AstNode node;
    node.kind = kind;
    node.offset = offset;
    return node;
  }
  static AstNode make_text(AstKind kind, const Token& token) {
    AstNode node = make(kind, token.offset);
    node.text = token.text;
    return node;
  }
  // A node that can name a function.
  static AstNode make_named(AstKind kind, const Token& token) {
    AstNode node = make(kind, token.offset);
    node.text = token.text;
    node.is_named = true;
    return node;
  }

  bool add(AstNode node, Index& out) {
    std::uint32_t below = 0;
    for (const Index child : node.children) {
      below = std::max(below, ast_.nodes[child].depth);
    }
    // A chain of fields and indices is one path, however long.
    const bool is_path =
        (node.kind == AstKind::Subexpression || node.kind == AstKind::IndexExpression) &&
        (ast_.nodes[node.children[1]].kind == AstKind::Field ||
         ast_.nodes[node.children[1]].kind == AstKind::Index);
    node.depth = is_path ? ast_.nodes[node.children[0]].depth : below + 1;
    if (node.depth > limits_.depth) {
      return fail_at("the expression is nested too deeply", node.offset);
    }
    out = static_cast<Index>(ast_.nodes.size());
    ast_.nodes.push_back(std::move(node));
    return true;
  }
  bool add(AstKind kind, std::uint32_t offset, std::initializer_list<Index> children, Index& out) {
    AstNode node = make(kind, offset);
    node.children = children;
    return add(std::move(node), out);
  }
  bool add_current(Index& out) { return add(AstKind::CurrentNode, token().offset, {}, out); }

  bool parse_expression(int binding, Index& out) {
    const DepthGuard guard(*this);
    if (depth_ > limits_.depth) {
      return fail("the expression is nested too deeply");
    }
    const std::size_t first = at_;
    advance();
    Index left = 0;
    if (!parse_prefix(tokens_[first], left)) {
      return false;
    }
    while (binding < power(current())) {
      const std::size_t infix = at_;
      advance();
      if (!parse_infix(tokens_[infix], left)) {
        return false;
      }
    }
    out = left;
    return true;
  }

  bool parse_prefix(const Token& first, Index& out) {
    switch (first.kind) {
      case JsonLiteral: {
        const auto value = read_go_json(first.text, ast_.arena, {.depth = limits_.json_depth});
        if (!value) {
          return fail_raw(value.error(), first.offset);
        }
        AstNode node = make(AstKind::Literal, first.offset);
        node.is_named = value->is_string();
        node.text = value->is_string() ? value->text() : std::string_view{};
        node.literal = *value;
        return add(std::move(node), out);
      }
      case RawString: {
        AstNode node = make_named(AstKind::Literal, first);
        node.literal = document::Node::make_string(ast_.arena.copy(first.text), 0);
        return add(std::move(node), out);
      }
      case QuotedIdentifier:
        if (current() == LeftParen) {
          return fail_at(is_kyverno_json() ? "Can't have quoted identifier as function name."
                                           : "Can't have quoted identifier as function Name.",
                         first.offset);
        }
        return add(make_named(AstKind::Field, first), out);
      case Identifier:
        if (is_kyverno_json() && first.text == "let" && current() == Variable) {
          return parse_let(first.offset, out);
        }
        return add(make_named(AstKind::Field, first), out);
      case Variable:
        return add(make_text(AstKind::Variable, first), out);
      case Root:
        return add(AstKind::Root, first.offset, {}, out);
      case Plus:
      case Minus: {
        Index inner = 0;
        AstNode node = make(AstKind::Arithmetic, first.offset);
        node.arithmetic = arithmetic(first.kind);
        if (!parse_expression(kSumPower, inner)) {
          return false;
        }
        node.children = {inner};
        return add(std::move(node), out);
      }
      case Star: {
        Index left = 0;
        Index right = 0;
        return add_current(left) &&
               (current() == RightBracket ? add_current(right)
                                          : parse_projection_right(kStarPower, right)) &&
               add(AstKind::ValueProjection, first.offset, {left, right}, out);
      }
      case Filter: {
        Index left = 0;
        return add_current(left) && parse_filter(first, left, out);
      }
      case LeftBrace:
        return parse_multi_select_hash(first.offset, out);
      case Flatten: {
        Index source = 0;
        return add_current(source) && parse_flatten(first, source, out);
      }
      case LeftBracket:
        return parse_leading_bracket(first, out);
      case Current:
        return add(AstKind::CurrentNode, first.offset, {}, out);
      case ExpressionRef: {
        Index inner = 0;
        return parse_expression(0, inner) &&
               add(AstKind::ExpressionRef, first.offset, {inner}, out);
      }
      case Not: {
        Index inner = 0;
        return parse_expression(kNotPower, inner) && add(AstKind::Not, first.offset, {inner}, out);
      }
      case LeftParen:
        return parse_expression(0, out) && match(RightParen);
      case End:
        return fail_at("Incomplete expression", first.offset);
      default:
        return fail_at(fmt::format("Invalid token: {}", name_of(first.kind)), first.offset);
    }
  }

  // `left` is what stands before the token, and becomes what both make.
  bool parse_infix(const Token& infix, Index& left) {
    switch (infix.kind) {
      case Dot: {
        Index right = 0;
        if (current() != Star) {
          return parse_dot_right(kDotPower, right) &&
                 add(AstKind::Subexpression, infix.offset, {left, right}, left);
        }
        advance();
        return parse_projection_right(kDotPower, right) &&
               add(AstKind::ValueProjection, infix.offset, {left, right}, left);
      }
      case Pipe:
        return parse_operator(AstKind::Pipe, kPipePower, infix, left);
      case Or:
        return parse_operator(AstKind::Or, kOrPower, infix, left);
      case And:
        return parse_operator(AstKind::And, kAndPower, infix, left);
      case Equal:
      case NotEqual:
      case Less:
      case LessEqual:
      case Greater:
      case GreaterEqual:
        return parse_operator(AstKind::Comparator, kComparisonPower, infix, left);
      case Star:
        if (!is_kyverno_json()) {
          return fail(fmt::format("Unexpected token: {}", name_of(infix.kind)));
        }
        return parse_operator(AstKind::Arithmetic, kStarPower, infix, left);
      case Plus:
      case Minus:
        return parse_operator(AstKind::Arithmetic, kSumPower, infix, left);
      case Multiply:
      case Divide:
      case Modulo:
      case IntegerDivide:
        return parse_operator(AstKind::Arithmetic, kProductPower, infix, left);
      case LeftParen:
        if (is_kyverno_json() && ast_.nodes[left].kind != AstKind::Field) {
          return fail_at("Invalid node as function name.", ast_.nodes[left].offset);
        }
        return parse_call(left);
      case Filter:
        return parse_filter(infix, left, left);
      case Flatten:
        return parse_flatten(infix, left, left);
      case LeftBracket: {
        if (current() == Number || current() == Colon) {
          Index bracket = 0;
          return parse_index(infix.offset, bracket) && project_slice(left, bracket, left);
        }
        Index right = 0;
        return match(Star) && match(RightBracket) && parse_projection_right(kStarPower, right) &&
               add(AstKind::Projection, infix.offset, {left, right}, left);
      }
      default:
        return fail(fmt::format("Unexpected token: {}", name_of(infix.kind)));
    }
  }

  bool parse_operator(AstKind kind, int binding, const Token& infix, Index& left) {
    Index right = 0;
    if (!parse_expression(binding, right)) {
      return false;
    }
    AstNode node = make(kind, infix.offset);
    node.comparison = comparison(infix.kind);
    node.arithmetic = arithmetic(infix.kind);
    node.children = {left, right};
    return add(std::move(node), left);
  }

  // "let" is read. Upstream takes any expression for a binding and panics later; ours is an error.
  bool parse_let(std::uint32_t offset, Index& out) {
    AstNode let = make(AstKind::Let, offset);
    while (true) {
      const std::size_t name = at_;
      if (!match(Variable) || !match(Assign)) {
        return false;
      }
      AstNode binding = make_text(AstKind::Binding, tokens_[name]);
      Index value = 0;
      if (!parse_expression(0, value)) {
        return false;
      }
      binding.children = {value};
      if (!add(std::move(binding), value)) {
        return false;
      }
      let.children.push_back(value);
      if (current() == Identifier && token().text == "in") {
        break;
      }
      if (current() == Comma) {
        advance();
      } else if (current() != Variable) {
        return fail(fmt::format("Expected keyword in, received: {}", name_of(current())));
      }
    }
    advance();
    Index body = 0;
    if (!parse_expression(0, body)) {
      return false;
    }
    let.children.push_back(body);
    return add(std::move(let), out);
  }

  // Whatever stands before `(` names the function, if it has a text: upstream asks no further.
  bool parse_call(Index& left) {
    AstNode node = make(AstKind::Function, ast_.nodes[left].offset);
    node.is_named = ast_.nodes[left].is_named;
    node.text = ast_.nodes[left].text;
    while (current() != RightParen) {
      Index argument = 0;
      if (!parse_expression(0, argument)) {
        return false;
      }
      if (current() == Comma) {
        advance();
      }
      node.children.push_back(argument);
    }
    advance();
    return add(std::move(node), left);
  }

  bool parse_filter(const Token& filter, Index source, Index& out) {
    Index condition = 0;
    Index right = 0;
    return parse_expression(0, condition) && match(RightBracket) &&
           (current() == Flatten ? add_current(right)
                                 : parse_projection_right(kFilterPower, right)) &&
           add(AstKind::FilterProjection, filter.offset, {source, right, condition}, out);
  }

  bool parse_flatten(const Token& flatten, Index source, Index& out) {
    Index left = 0;
    Index right = 0;
    return add(AstKind::Flatten, flatten.offset, {source}, left) &&
           parse_projection_right(kFlattenPower, right) &&
           add(AstKind::Projection, flatten.offset, {left, right}, out);
  }

  bool parse_leading_bracket(const Token& first, Index& out) {
    if (current() == Number || current() == Colon) {
      Index source = 0;
      Index bracket = 0;
      if (!add_current(source)) {
        return false;
      }
      if (!parse_index(first.offset, bracket)) {
        if (is_kyverno_json()) {
          return false;
        }
        // Upstream drops this error: what is left over is looked at, and evaluation fails.
        failed_ = false;
        return add(AstKind::Broken, first.offset, {}, out);
      }
      return project_slice(source, bracket, out);
    }
    if (current() == Star && token(1).kind == RightBracket) {
      at_ += 2;
      Index source = 0;
      Index right = 0;
      return add_current(source) && parse_projection_right(kStarPower, right) &&
             add(AstKind::Projection, first.offset, {source, right}, out);
    }
    return parse_multi_select_list(first.offset, out);
  }

  bool parse_index(std::uint32_t offset, Index& out) {
    if (current() == Colon || token(1).kind == Colon) {
      return parse_slice(offset, out);
    }
    const auto number = read_integer(token().text);
    if (!number) {
      return fail_index();
    }
    advance();
    if (!match(RightBracket)) {
      return false;
    }
    AstNode node = make(AstKind::Index, offset);
    node.number = *number;
    return add(std::move(node), out);
  }

  bool parse_slice(std::uint32_t offset, Index& out) {
    AstNode node = make(AstKind::Slice, offset);
    for (std::size_t part = 0; current() != RightBracket && part < 3;) {
      if (current() == Colon) {
        ++part;
      } else if (current() == Number) {
        node.slice[part] = read_integer(token().text);
        if (!node.slice[part]) {
          return fail_index();
        }
      } else {
        return fail(fmt::format("Expected tColon or tNumber, received: {}", name_of(current())));
      }
      advance();
    }
    return match(RightBracket) && add(std::move(node), out);
  }
  bool fail_index() {
    return fail_raw(fmt::format("strconv.Atoi: parsing \"{}\": {}", token().text,
                                token().text == "-" ? "invalid syntax" : "value out of range"),
                    token().offset);
  }

  bool project_slice(Index source, Index bracket, Index& out) {
    const std::uint32_t offset = ast_.nodes[bracket].offset;
    const bool is_slice = ast_.nodes[bracket].kind == AstKind::Slice;
    Index indexed = 0;
    if (!add(AstKind::IndexExpression, offset, {source, bracket}, indexed)) {
      return false;
    }
    out = indexed;
    Index right = 0;
    return !is_slice || (parse_projection_right(kStarPower, right) &&
                         add(AstKind::Projection, offset, {indexed, right}, out));
  }

  bool parse_multi_select_list(std::uint32_t offset, Index& out) {
    AstNode node = make(AstKind::MultiSelectList, offset);
    while (true) {
      Index item = 0;
      if (!parse_expression(0, item)) {
        return false;
      }
      node.children.push_back(item);
      if (current() == RightBracket) {
        advance();
        return add(std::move(node), out);
      }
      if (!match(Comma)) {
        return false;
      }
    }
  }

  bool parse_multi_select_hash(std::uint32_t offset, Index& out) {
    AstNode node = make(AstKind::MultiSelectHash, offset);
    while (true) {
      const std::size_t key = at_;
      if (current() != Identifier && current() != QuotedIdentifier) {
        return fail("Expected tQuotedIdentifier or tUnquotedIdentifier");
      }
      advance();
      Index value = 0;
      if (!match(Colon) || !parse_expression(0, value)) {
        return false;
      }
      AstNode pair = make_named(AstKind::KeyValuePair, tokens_[key]);
      pair.children = {value};
      Index added = 0;
      if (!add(std::move(pair), added)) {
        return false;
      }
      node.children.push_back(added);
      if (current() == Comma) {
        advance();
      } else if (current() == RightBrace) {
        advance();
        return add(std::move(node), out);
      }
    }
  }

  bool parse_dot_right(int binding, Index& out) {
    const std::uint32_t offset = token().offset;
    switch (current()) {
      case QuotedIdentifier:
      case Identifier:
      case Star:
        return parse_expression(binding, out);
      case LeftBracket:
        advance();
        return parse_multi_select_list(offset, out);
      case LeftBrace:
        advance();
        return parse_multi_select_hash(offset, out);
      default:
        return fail("Expected identifier, lbracket, or lbrace");
    }
  }

  bool parse_projection_right(int binding, Index& out) {
    if (power(current()) < kProjectionStop) {
      return add_current(out);
    }
    switch (current()) {
      case LeftBracket:
      case Filter:
        return parse_expression(binding, out);
      case Dot:
        advance();
        return parse_dot_right(binding, out);
      default:
        return fail("Error");
    }
  }

  std::vector<Token> tokens_;
  Dialect dialect_;
  const Limits& limits_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  bool failed_ = false;
  SyntaxError error_;
  Ast ast_;
};

}  // namespace

std::expected<Ast, SyntaxError> parse(std::string_view text, Dialect dialect,
                                      const Limits& limits) {
  if (text.size() > limits.text_bytes) {
    return std::unexpected(
        SyntaxError{fmt::format("SyntaxError: the expression has {} bytes, more than {}",
                                text.size(), limits.text_bytes),
                    limits.text_bytes});
  }
  auto tokens = tokenize(text, dialect);
  if (!tokens) {
    return std::unexpected(std::move(tokens).error());
  }
  return Parser(std::move(*tokens), dialect, limits).run();
}

}  // namespace tally::jmespath
