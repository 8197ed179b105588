// Grammar (cel-go parser/gen/CEL.g4; cel-spec doc/langdef.md "Syntax"):
//
//   Expr        = Or ["?" Or ":" Expr]
//   Or          = And {"||" And}
//   And         = Relation {"&&" Relation}
//   Relation    = Calc {("<" | "<=" | ">=" | ">" | "==" | "!=" | "in") Calc}
//   Calc        = Unary {("*" | "/" | "%") Unary}, looser: {("+" | "-") ...}
//   Unary       = Member | "!" {"!"} Member | "-" {"-"} Member
//   Member      = Primary | Member "." ["?"] EscIdent | Member "." IDENT "(" [Args] ")"
//               | Member "[" ["?"] Expr "]"
//   Primary     = ["."] IDENT | ["."] IDENT "(" [Args] ")" | "(" Expr ")"
//               | "[" [Element {"," Element}] [","] "]"
//               | "{" [Entry {"," Entry}] [","] "}"
//               | ["."] IDENT {"." IDENT} "{" [Field {"," Field}] [","] "}" | Literal
//   Literal     = ["-"] (INT | FLOAT) | UINT | STRING | BYTES | "true" | "false" | "null"
//   Element     = ["?"] Expr;  Entry = ["?"] Expr ":" Expr;  Field = ["?"] EscIdent ":" Expr
//
// Chains of && and || become balanced trees, as in cel-go. Depth: cel-go bounds the nesting of each
// grammar rule and the height of the tree by the same number; both are kept here, so native
// recursion is bounded too. Syntax errors have ANTLR's words; of ANTLR's recoveries the ones that
// drop or insert a single token are done, after any other the parser stops.
#include "cel/parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "cel/internal/issues.hpp"
#include "cel/internal/lexer.hpp"
#include "cel/internal/macros.hpp"

namespace tally::cel {

namespace {

constexpr std::uint32_t kDepthCeiling = 1000;

constexpr TokenSet kLiterals = set_of(Token::True, Token::False, Token::Null, Token::Float,
                                      Token::Int, Token::Uint, Token::String, Token::Bytes);
constexpr TokenSet kMemberFirst =
    kLiterals |
    set_of(Token::LeftBracket, Token::LeftBrace, Token::LeftParen, Token::Dot, Token::Identifier);
constexpr TokenSet kExprFirst = kMemberFirst | set_of(Token::Minus, Token::Exclamation);
constexpr TokenSet kRelations = set_of(Token::Less, Token::LessEquals, Token::GreaterEquals,
                                       Token::Greater, Token::Equals, Token::NotEquals, Token::In);
// What may follow a complete member, apart from what its surroundings wait for.
constexpr TokenSet kAfterMember =
    kRelations | set_of(Token::And, Token::Or, Token::Dot, Token::LeftBracket, Token::Minus,
                        Token::Plus, Token::Star, Token::Slash, Token::Percent);

std::string_view operator_of(Token token) noexcept {
  switch (token) {
    case Token::Less:
      return "_<_";
    case Token::LessEquals:
      return "_<=_";
    case Token::GreaterEquals:
      return "_>=_";
    case Token::Greater:
      return "_>_";
    case Token::Equals:
      return "_==_";
    case Token::NotEquals:
      return "_!=_";
    case Token::In:
      return "@in";
    case Token::Star:
      return "_*_";
    case Token::Slash:
      return "_/_";
    case Token::Percent:
      return "_%_";
    case Token::Plus:
      return "_+_";
    default:
      return "_-_";
  }
}

int calc_precedence(Token token) noexcept {
  switch (token) {
    case Token::Star:
    case Token::Slash:
    case Token::Percent:
      return 2;
    case Token::Plus:
    case Token::Minus:
      return 1;
    default:
      return 0;
  }
}

// cel-spec, "Syntax": RESERVED; no identifiers, but fields and functions of a receiver may be so
// named.
bool is_reserved(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 17> kReserved = {
      "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
      "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};
  return name.size() >= 2 && name.size() <= 9 &&
         std::ranges::find(kReserved, name) != kReserved.end();
}

// A parsed piece: its node, and the height that cel-go would count for it.
struct Piece {
  ExprId id = kNoExpr;
  std::uint32_t height = 0;
};

class Parser {
 public:
  Parser(Ast& ast, const ParseOptions& options, std::vector<Issue>& issues)
      : ast_(ast),
        text_(ast.source),
        options_(options),
        traits_(traits_of(options.profile)),
        depth_max_(std::min(options.limits.depth_max, kDepthCeiling)),
        issues_(issues),
        tokens_(lex(text_, issues)),
        build_(ast, std::max(options.limits.nodes_max, 1U)),
        optional_syntax_(provides(options.profile, Library::Optional, 0)) {
    const std::size_t likely = std::min<std::size_t>(tokens_.size() * 2, 1024);
    ast_.exprs.reserve(likely);
    ast_.child_ids.reserve(likely);
  }

  ExprId run() {
    const Piece piece = expr(set_of(Token::Eof));
    expect(Token::Eof, 0);
    return piece.id;
  }

 private:
  // --- tokens -----------------------------------------------------------------------------------

  [[nodiscard]] Token token() const noexcept { return tokens_[at_].token; }
  [[nodiscard]] const Lexeme& lexeme() const noexcept { return tokens_[at_]; }
  [[nodiscard]] const Lexeme& ahead(std::size_t n = 1) const noexcept {
    return tokens_[std::min(at_ + n, tokens_.size() - 1)];
  }
  [[nodiscard]] bool is(Token wanted) const noexcept { return token() == wanted; }
  [[nodiscard]] bool is_in(TokenSet set) const noexcept { return (set & set_of(token())) != 0; }
  [[nodiscard]] std::string_view text(const Lexeme& lexeme) const noexcept {
    return text_.substr(lexeme.offset, lexeme.end - lexeme.offset);
  }
  [[nodiscard]] std::uint32_t last_end() const noexcept {
    return at_ == 0 ? 0 : tokens_[at_ - 1].end;
  }

  const Lexeme& take() noexcept {
    recovering_ = false;
    const Lexeme& taken = tokens_[at_];
    at_ += at_ + 1 < tokens_.size() ? 1U : 0U;
    return taken;
  }
  bool accept(Token wanted) noexcept {
    if (!is(wanted)) {
      return false;
    }
    take();
    return true;
  }

  // --- errors -----------------------------------------------------------------------------------

  void report(std::uint32_t offset, std::string message) {
    if (issues_.size() < kIssuesMax) {
      issues_.push_back({offset, std::move(message)});
    }
  }

  // As ANTLR quotes a token.
  [[nodiscard]] std::string quoted(std::string_view what) const {
    std::string out = "'";
    for (const char c : what.empty() ? std::string_view("<EOF>") : what) {
      switch (c) {
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        default:
          out += c;
      }
    }
    out += '\'';
    return out;
  }

  void syntax_error(const std::string& message) {
    if (!recovering_) {
      report(lexeme().offset, "Syntax error: " + message);
    }
  }

  // Nothing that follows can be understood.
  void stop() noexcept {
    at_ = tokens_.size() - 1;
    stopped_ = true;
    recovering_ = true;
  }

  void stop_with_limit(std::string message) {
    if (!stopped_) {
      report(kNoOffset, std::move(message));
      stop();
    }
  }

  // The next token must be of `set`. One wrong token is dropped if the one behind it is right.
  bool demand(TokenSet set) {
    if (is_in(set)) {
      return true;
    }
    if ((set & set_of(ahead().token)) != 0 && !is(Token::Eof)) {
      syntax_error("extraneous input " + quoted(text(lexeme())) + " expecting " + to_string(set));
      take();
      return true;
    }
    syntax_error("mismatched input " + quoted(text(lexeme())) + " expecting " + to_string(set));
    stop();
    return false;
  }

  // The next token must be `wanted`; `follow` is what may stand behind it. One wrong token is
  // dropped, a missing one is taken as given.
  bool expect(Token wanted, TokenSet follow) {
    if (accept(wanted)) {
      return true;
    }
    if (ahead().token == wanted && !is(Token::Eof)) {
      syntax_error("extraneous input " + quoted(text(lexeme())) + " expecting " +
                   to_string(set_of(wanted)));
      take();
      take();
      return true;
    }
    if (is_in(follow)) {
      syntax_error("missing " + to_string(set_of(wanted)) + " at " + quoted(text(lexeme())));
      recovering_ = true;
      return true;
    }
    syntax_error("mismatched input " + quoted(text(lexeme())) + " expecting " +
                 to_string(set_of(wanted)));
    stop();
    return false;
  }

  // `from`: where the construct begins that cannot go on with the next token.
  void no_viable_alternative(std::uint32_t from) {
    const std::string_view next = text(lexeme());
    if (from + 1 == lexeme().offset && text_[from] == '.' &&
        (is(Token::True) || is(Token::False) || is(Token::Null))) {
      // cel-go's own words for a reserved word as a field.
      syntax_error("mismatched input " + quoted(next) + " expecting IDENTIFIER");
    } else {
      const std::uint32_t end = next.empty() ? last_end() : lexeme().end;
      syntax_error("no viable alternative at input " + quoted(text_.substr(from, end - from)));
    }
    stop();
  }

  Piece wrong(std::uint32_t offset) {
    // A literal of no type: no macro takes it for a name.
    return {build_.literal({offset, offset}, Value::unknown(0)), 0};
  }

  // --- depth ------------------------------------------------------------------------------------

  class [[nodiscard]] Nesting {
   public:
    Nesting(Parser& parser, std::uint32_t& depth) : depth_(depth) {
      if (++depth_ > parser.depth_max_) {
        parser.stop_with_limit("expression recursion limit exceeded: " +
                               std::to_string(parser.depth_max_));
      }
    }
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    std::uint32_t& depth_;
  };

  Piece grown(ExprId id, std::uint32_t below) {
    if (below + 1 > depth_max_) {
      stop_with_limit("max recursion depth exceeded");
    }
    if (build_.full()) {
      stop_with_limit("expression node count exceeds limit: " +
                      std::to_string(options_.limits.nodes_max));
    }
    return {id, below + 1};
  }

  // --- expressions ------------------------------------------------------------------------------

  // `closers`: what the surroundings wait for behind the expression.
  Piece expr(TokenSet closers) {
    const Nesting nesting(*this, expr_depth_);
    if (stopped_) {
      return wrong(lexeme().offset);
    }
    const TokenSet outside = std::exchange(follow_, closers | set_of(Token::Question));
    Piece result = logical_or();
    if (is(Token::Question)) {
      const std::uint32_t offset = take().offset;
      follow_ = set_of(Token::Colon);
      const Piece yes = logical_or();
      expect(Token::Colon, kExprFirst);
      const Piece no = expr(closers);
      const std::uint32_t below = std::max({result.height, yes.height, no.height});
      result = grown(build_.call({offset, last_end()}, "_?_:_", {result.id, yes.id, no.id}), below);
    }
    follow_ = outside;
    return result;
  }

  Piece logical_or() { return logical<Token::Or, &Parser::logical_and>("_||_"); }
  Piece logical_and() { return logical<Token::And, &Parser::relation>("_&&_"); }

  template <Token kOperator, Piece (Parser::*kOperand)()>
  Piece logical(std::string_view function) {
    const Piece first = (this->*kOperand)();
    if (!is(kOperator)) {
      return first;
    }
    const std::size_t base = terms_.size();
    std::uint32_t height = first.height;
    terms_.push_back({first.id, 0});
    while (is(kOperator)) {
      const std::uint32_t offset = take().offset;
      const Piece next = (this->*kOperand)();
      height = std::max(height, next.height);
      terms_.push_back({next.id, offset});
    }
    const ExprId id = balanced(function, base, base + 1, terms_.size() - 1);
    terms_.resize(base);
    check_nodes();
    return {id, height};
  }

  // cel-go's balancedTree: operators low..high (the operator of a term stands before it).
  ExprId balanced(std::string_view function, std::size_t base, std::size_t low, std::size_t high) {
    const std::size_t middle = low + (high - low + 1) / 2;
    const ExprId left =
        middle == low ? terms_[middle - 1].id : balanced(function, base, low, middle - 1);
    const ExprId right =
        middle == high ? terms_[middle].id : balanced(function, base, middle + 1, high);
    return build_.call({terms_[middle].offset, build_[right].end}, function, {left, right});
  }

  void check_nodes() {
    if (build_.full()) {
      grown(0, 0);
    }
  }

  Piece relation() {
    const Nesting nesting(*this, relation_depth_);
    Piece left = calc(1);
    while (is_in(kRelations)) {
      const Lexeme op = take();
      const Nesting right_nesting(*this, relation_depth_);
      const Piece right = calc(1);
      left = grown(build_.call({op.offset, last_end()}, operator_of(op.token), {left.id, right.id}),
                   std::max(left.height, right.height));
    }
    return left;
  }

  Piece calc(int precedence_min) {
    const Nesting nesting(*this, calc_depth_);
    Piece left = unary();
    for (;;) {
      const int precedence = calc_precedence(token());
      if (precedence < precedence_min) {
        return left;
      }
      const Lexeme op = take();
      const Piece right = calc(precedence + 1);
      left = grown(build_.call({op.offset, last_end()}, operator_of(op.token), {left.id, right.id}),
                   std::max(left.height, right.height));
    }
  }

  Piece unary() {
    if (stopped_ || !demand(kExprFirst)) {
      return wrong(lexeme().offset);
    }
    if (is(Token::Exclamation)) {
      return prefixed(Token::Exclamation, "!_");
    }
    if (is(Token::Minus)) {
      const Token next = ahead().token;
      if (next == Token::Int || next == Token::Float) {
        return member();
      }
      return prefixed(Token::Minus, "-_");
    }
    return member();
  }

  // An even number of operators is none.
  Piece prefixed(Token op, std::string_view function) {
    const std::uint32_t first = lexeme().offset;
    std::uint32_t last = first;
    std::size_t count = 0;
    while (is(op)) {
      last = take().offset;
      ++count;
    }
    if (op == Token::Minus && !is_in(kMemberFirst)) {
      no_viable_alternative(last);
      return wrong(last);
    }
    if (op == Token::Exclamation && !is_in(kMemberFirst | set_of(Token::Minus))) {
      return skip_to_operand(first, count, function);
    }
    return apply_prefix(first, count, function);
  }

  Piece apply_prefix(std::uint32_t first, std::size_t count, std::string_view function) {
    if (is(Token::Minus) && ahead().token != Token::Int && ahead().token != Token::Float) {
      const std::uint32_t minus = take().offset;
      no_viable_alternative(minus);
      return wrong(minus);
    }
    const Piece operand = member();
    if (count % 2 == 0) {
      return operand;
    }
    check_nodes();
    return {build_.call({first, last_end()}, function, {operand.id}), operand.height};
  }

  // Behind `!`: what cannot begin an operand is dropped.
  Piece skip_to_operand(std::uint32_t first, std::size_t count, std::string_view function) {
    syntax_error("extraneous input " + quoted(text(lexeme())) + " expecting " +
                 to_string(kExprFirst));
    const TokenSet wanted = kExprFirst | kAfterMember | follow_;
    while (!is(Token::Eof) && !is_in(wanted)) {
      take();
    }
    for (; is(Token::Exclamation); ++count) {
      take();
    }
    if (is_in(kMemberFirst)) {
      return apply_prefix(first, count, function);
    }
    stop();
    return wrong(first);
  }

  Piece member() {
    Piece result = primary();
    for (;;) {
      if (is(Token::Dot)) {
        result = selection(result);
      } else if (is(Token::LeftBracket)) {
        result = index(result);
      } else {
        return result;
      }
      if (stopped_) {
        return result;
      }
    }
  }

  Piece selection(Piece operand) {
    const Lexeme dot = take();
    if (is(Token::Identifier) && ahead().token == Token::LeftParen) {
      return member_call(operand);
    }
    const bool optional = is(Token::Question);
    if (optional) {
      take();
      if (!demand(set_of(Token::Identifier, Token::EscapedIdentifier))) {
        return operand;
      }
    } else if (!is_in(set_of(Token::Identifier, Token::EscapedIdentifier))) {
      no_viable_alternative(dot.offset);
      return operand;
    }
    const Lexeme field = take();
    const std::string_view name = field_name(field);
    if (!optional) {
      return grown(build_.select({dot.offset, field.end}, operand.id, name), operand.height);
    }
    if (!optional_syntax_) {
      unsupported(dot.offset, ".?");
      return wrong(dot.offset);
    }
    const ExprId literal = build_.literal({field.offset, field.end}, Value::string(name));
    return grown(build_.call({dot.offset, field.end}, "_?._", {operand.id, literal}),
                 operand.height);
  }

  std::string_view field_name(const Lexeme& field) {
    std::string_view name = text(field);
    if (field.token == Token::EscapedIdentifier) {
      if (!traits_.escaped_identifiers) {
        report(field.offset, "unsupported syntax: '`'");
      }
      name = name.substr(1, name.size() - 2);
    }
    return name;
  }

  void unsupported(std::uint32_t offset, std::string_view syntax) {
    report(offset, "unsupported syntax '" + std::string(syntax) + "', which exists " +
                       where_provided(Library::Optional, 0));
  }

  Piece index(Piece operand) {
    const Lexeme bracket = take();
    demand(kExprFirst | set_of(Token::Question));
    const bool optional = accept(Token::Question);
    const Piece key = expr(set_of(Token::RightBracket));
    expect(Token::RightBracket, kAfterMember | follow_);
    if (optional && !optional_syntax_) {
      unsupported(bracket.offset, "[?");
      return wrong(bracket.offset);
    }
    return grown(build_.call({bracket.offset, last_end()}, optional ? "_[?_]" : "_[_]",
                             {operand.id, key.id}),
                 std::max(operand.height, key.height));
  }

  // --- calls ------------------------------------------------------------------------------------

  // Pushes the arguments on scratch_; returns their greatest height.
  std::uint32_t arguments() {
    std::uint32_t height = 0;
    if (!demand(kExprFirst | set_of(Token::RightParen))) {
      return height;
    }
    if (!is(Token::RightParen)) {
      do {
        const Piece argument = expr(set_of(Token::RightParen, Token::Comma));
        height = std::max(height, argument.height);
        scratch_.push_back(argument.id);
      } while (accept(Token::Comma));
    }
    expect(Token::RightParen, kAfterMember | follow_);
    return height;
  }

  Piece member_call(Piece target) {
    const std::string_view name = text(take());
    const std::uint32_t offset = take().offset;  // of the parenthesis
    const std::size_t base = scratch_.size();
    const std::uint32_t height = std::max(target.height, arguments());
    const ExprId id = finish_call(name, {.at = {offset, last_end()},
                                         .target = target.id,
                                         .arguments = std::span{scratch_}.subspan(base)});
    scratch_.resize(base);
    return grown(id, height);
  }

  // `reserved`: the name is a reserved word, which stands at `start`.
  Piece global_call(std::string_view name, std::uint32_t start, bool reserved) {
    const std::string_view bare = text(take());
    const std::uint32_t offset = take().offset;
    const std::size_t base = scratch_.size();
    const std::uint32_t height = arguments();
    ExprId id = kNoExpr;
    if (reserved) {
      report(start, "reserved identifier: " + std::string(bare));
      id = wrong(start).id;
    } else {
      id = finish_call(name, {.at = {offset, last_end()},
                              .target = kNoExpr,
                              .arguments = std::span{scratch_}.subspan(base)});
    }
    scratch_.resize(base);
    check_nodes();
    return {id, height};
  }

  ExprId finish_call(std::string_view name, const MacroCall& call) {
    const bool is_member = call.target != kNoExpr;
    if (options_.macros && !stopped_) {
      CallShape shape{
          .name = name, .member = is_member, .arguments = call.arguments.size(), .receiver = {}};
      if (is_member && build_[call.target].kind == ExprKind::Ident) {
        shape.receiver = build_[call.target].name;
      }
      const MacroRow* macro = find_macro(shape);
      if (macro != nullptr && provides(options_.profile, macro->library, macro->library_version)) {
        MacroContext context(build_, issues_, traits_.optional_macros_repeat_target);
        if (const auto expanded = macro->expand(context, call)) {
          return *expanded == kNoExpr ? wrong(issues_.back().offset).id : *expanded;
        }
      }
    }
    return is_member ? build_.member_call(call.at, name, call.target, call.arguments)
                     : build_.call(call.at, name, call.arguments);
  }

  // --- primaries
  // ----------------------------------------------------------------------------------

  Piece primary() {
    switch (token()) {
      case Token::Identifier:
      case Token::Dot:
        return name_or_message();
      case Token::LeftParen: {
        take();
        const Piece inner = expr(set_of(Token::RightParen));
        expect(Token::RightParen, kAfterMember | follow_);
        return inner;
      }
      case Token::LeftBracket:
        return list();
      case Token::LeftBrace:
        return map();
      default:
        return {literal(), 0};
    }
  }

  Piece name_or_message() {
    const Lexeme start = lexeme();
    const bool dotted = accept(Token::Dot);
    if (!is(Token::Identifier)) {
      no_viable_alternative(start.offset);
      return wrong(start.offset);
    }
    std::size_t ahead_by = 1;
    while (ahead(ahead_by).token == Token::Dot && ahead(ahead_by + 1).token == Token::Identifier) {
      ahead_by += 2;
    }
    if (ahead(ahead_by).token == Token::LeftBrace) {
      return message(start, ahead_by);
    }
    const Lexeme name = lexeme();
    const bool reserved = is_reserved(text(name));
    const std::string_view full = dotted ? with_dot(start, name) : text(name);
    if (ahead().token == Token::LeftParen) {
      return global_call(full, start.offset, reserved);
    }
    take();
    if (reserved) {
      report(start.offset, "reserved identifier: " + std::string(text(name)));
      return wrong(start.offset);
    }
    check_nodes();
    return {build_.ident({name.offset, name.end}, full), 0};
  }

  std::string_view with_dot(const Lexeme& dot, const Lexeme& name) {
    return dot.end == name.offset ? text_.substr(dot.offset, name.end - dot.offset)
                                  : ast_.arena.concat({".", text(name)});
  }

  // `tokens`: how many of them the name of the type is, behind a leading dot.
  Piece message(const Lexeme& start, std::size_t tokens) {
    std::string name = start.token == Token::Dot ? "." : "";
    for (; tokens > 0; --tokens) {
      name += text(take());
    }
    const std::string_view type = ast_.arena.copy(name);
    const std::uint32_t offset = take().offset;  // of the brace
    const std::size_t base = scratch_.size();
    const std::size_t names_base = field_scratch_.size();
    const std::size_t flags_base = flag_scratch_.size();
    std::uint32_t height = 0;
    const TokenSet field_first =
        set_of(Token::Question, Token::Identifier, Token::EscapedIdentifier);
    if (demand(field_first | set_of(Token::RightBrace, Token::Comma))) {
      while (is_in(field_first)) {
        const std::uint32_t field_offset = lexeme().offset;
        const bool optional = optional_mark(field_offset);
        if (!demand(set_of(Token::Identifier, Token::EscapedIdentifier))) {
          break;
        }
        const Lexeme field = take();
        field_scratch_.push_back(field_name(field));
        flag_scratch_.push_back(optional ? 1 : 0);
        expect(Token::Colon, kExprFirst);
        const Piece value = expr(set_of(Token::Comma, Token::RightBrace));
        scratch_.push_back(value.id);
        height = std::max(height, value.height);
        if (!more(Token::RightBrace)) {
          break;
        }
      }
      close(Token::RightBrace);
    }
    const std::size_t count = scratch_.size() - base;
    const auto flags = flags_from(flags_base);
    const ExprId id = build_.message({offset, last_end()}, type,
                                     std::span{field_scratch_}.subspan(names_base, count),
                                     std::span{scratch_}.subspan(base), flags);
    scratch_.resize(base);
    field_scratch_.resize(names_base);
    flag_scratch_.resize(flags_base);
    check_nodes();
    return {id, height};
  }

  Piece list() {
    const std::uint32_t offset = take().offset;
    const std::size_t base = scratch_.size();
    const std::size_t flags_base = flag_scratch_.size();
    std::uint32_t height = 0;
    const TokenSet first = kExprFirst | set_of(Token::Question);
    if (demand(first | set_of(Token::RightBracket, Token::Comma))) {
      while (is_in(first)) {
        const bool optional = optional_mark(lexeme().offset);
        const Piece element = expr(set_of(Token::Comma, Token::RightBracket));
        scratch_.push_back(element.id);
        flag_scratch_.push_back(optional ? 1 : 0);
        height = std::max(height, element.height);
        if (!more(Token::RightBracket)) {
          break;
        }
      }
      close(Token::RightBracket);
    }
    const ExprId id = build_.list({offset, last_end()}, std::span{scratch_}.subspan(base),
                                  flags_from(flags_base));
    scratch_.resize(base);
    flag_scratch_.resize(flags_base);
    check_nodes();
    return {id, height};
  }

  Piece map() {
    const std::uint32_t offset = take().offset;
    const std::size_t base = scratch_.size();
    const std::size_t flags_base = flag_scratch_.size();
    std::uint32_t height = 0;
    const TokenSet first = kExprFirst | set_of(Token::Question);
    if (demand(first | set_of(Token::RightBrace, Token::Comma))) {
      while (is_in(first)) {
        const bool optional = optional_mark(lexeme().offset);
        const Piece key = expr(set_of(Token::Colon));
        scratch_.push_back(key.id);
        expect(Token::Colon, kExprFirst);
        const Piece value = expr(set_of(Token::Comma, Token::RightBrace));
        scratch_.push_back(value.id);
        flag_scratch_.push_back(optional ? 1 : 0);
        height = std::max({height, key.height, value.height});
        if (!more(Token::RightBrace)) {
          break;
        }
      }
      close(Token::RightBrace);
    }
    const ExprId id =
        build_.map({offset, last_end()}, std::span{scratch_}.subspan(base), flags_from(flags_base));
    scratch_.resize(base);
    flag_scratch_.resize(flags_base);
    check_nodes();
    return {id, height};
  }

  // Behind an element: whether another one comes. A comma before the closer is left to close().
  bool more(Token closer) {
    if (stopped_ || !demand(set_of(closer, Token::Comma)) || is(closer)) {
      return false;
    }
    const TokenSet next = kExprFirst | set_of(Token::Question, Token::EscapedIdentifier);
    if ((next & set_of(ahead().token)) == 0) {
      return false;
    }
    take();
    return true;
  }

  void close(Token closer) {
    if (stopped_) {
      return;
    }
    accept(Token::Comma);
    expect(closer, kAfterMember | follow_);
  }

  bool optional_mark(std::uint32_t offset) {
    if (!accept(Token::Question)) {
      return false;
    }
    if (!optional_syntax_) {
      unsupported(offset, "?");
    }
    return true;
  }

  // The flags of one literal; empty when no element is optional.
  [[nodiscard]] std::span<const std::uint8_t> flags_from(std::size_t base) const noexcept {
    const auto flags = std::span{flag_scratch_}.subspan(base);
    return std::ranges::find(flags, std::uint8_t{1}) == flags.end()
               ? std::span<const std::uint8_t>{}
               : flags;
  }

  // --- literals
  // -----------------------------------------------------------------------------------

  ExprId literal() {
    const std::uint32_t start = lexeme().offset;
    const bool negative = accept(Token::Minus);
    const Lexeme it = take();
    const Place at{start, it.end};
    check_nodes();
    switch (it.token) {
      case Token::True:
        return build_.literal(at, Value::boolean(true));
      case Token::False:
        return build_.literal(at, Value::boolean(false));
      case Token::Null:
        return build_.literal(at, Value::null());
      case Token::Int:
        return integer(at, text(it), negative);
      case Token::Uint:
        return unsigned_integer(at, text(it));
      case Token::Float:
        return real(at, text(it), negative);
      case Token::String:
      case Token::Bytes: {
        const bool bytes = it.token == Token::Bytes;
        std::string_view value;
        if (const auto complaint = unquote(ast_.arena, text(it), bytes, value);
            !complaint.empty()) {
          report(start, std::string(complaint));
        }
        return build_.literal(at, bytes ? Value::bytes(value) : Value::string(value));
      }
      default:
        return wrong(start).id;
    }
  }

  // Decimal, or hexadecimal behind 0x.
  static bool magnitude(std::string_view digits, std::uint64_t& out) noexcept {
    const bool hex = digits.starts_with("0x");
    digits.remove_prefix(hex ? 2 : 0);
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), out, hex ? 16 : 10);
    return failed == std::errc{} && end == digits.data() + digits.size();
  }

  ExprId integer(Place at, std::string_view digits, bool negative) {
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    std::uint64_t value = 0;
    if (!magnitude(digits, value) || value > kMax + (negative ? 1 : 0)) {
      report(at.offset, "invalid int literal");
      return wrong(at.offset).id;
    }
    return build_.literal(at,
                          Value::integer(static_cast<std::int64_t>(negative ? 0 - value : value)));
  }

  ExprId unsigned_integer(Place at, std::string_view digits) {
    digits.remove_suffix(1);
    std::uint64_t value = 0;
    if (!magnitude(digits, value)) {
      report(at.offset, "invalid uint literal");
      return wrong(at.offset).id;
    }
    return build_.literal(at, Value::unsigned_integer(value));
  }

  // Whether a number that double cannot hold is too great rather than too small: by the decimal
  // exponent of its first digit that is not 0.
  static bool is_huge(std::string_view digits) noexcept {
    const auto e = digits.find_first_of("eE");
    if (e != std::string_view::npos) {
      return digits[e + 1] != '-';
    }
    return digits.find_first_not_of('0') < digits.find('.');
  }

  ExprId real(Place at, std::string_view digits, bool negative) {
    double value = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    static_cast<void>(end);
    if (failed != std::errc{}) {
      if (is_huge(digits)) {
        report(at.offset, "invalid double literal");
        return wrong(at.offset).id;
      }
      value = 0;
    }
    return build_.literal(at, Value::real(negative ? -value : value));
  }

  struct Term {
    ExprId id;
    std::uint32_t offset;  // of the operator before it
  };

  Ast& ast_;
  std::string_view text_;
  const ParseOptions& options_;
  Traits traits_;
  std::uint32_t depth_max_;
  std::vector<Issue>& issues_;
  std::vector<Lexeme> tokens_;
  std::size_t at_ = 0;
  AstBuilder build_;
  bool optional_syntax_;

  bool recovering_ = false;  // a token was made up: what follows from it is not worth a message
  bool stopped_ = false;
  TokenSet follow_ = 0;  // what may stand behind the expression that is being read
  std::uint32_t expr_depth_ = 0;
  std::uint32_t relation_depth_ = 0;
  std::uint32_t calc_depth_ = 0;

  std::vector<Term> terms_;
  std::vector<ExprId> scratch_;
  std::vector<std::string_view> field_scratch_;
  std::vector<std::uint8_t> flag_scratch_;
};

std::size_t character_count(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::expected<Ast, std::vector<Issue>> parse(std::string_view text, const ParseOptions& options) {
  std::vector<Issue> issues;
  if (const std::size_t size = character_count(text); size > options.limits.characters_max) {
    issues.push_back(
        {kNoOffset, "expression code point size exceeds limit: size: " + std::to_string(size) +
                        ", limit " + std::to_string(options.limits.characters_max)});
    return std::unexpected(std::move(issues));
  }
  if (const auto offset = find_invalid_utf8(text)) {
    issues.push_back(
        {static_cast<std::uint32_t>(*offset), "Syntax error: the text is not valid UTF-8"});
    return std::unexpected(std::move(issues));
  }
  Ast ast;
  ast.source = ast.arena.copy(text);
  ast.root = Parser(ast, options, issues).run();
  if (!issues.empty()) {
    sort_issues(issues);
    return std::unexpected(std::move(issues));
  }
  return ast;
}

}  // namespace tally::cel
