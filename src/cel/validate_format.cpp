// stringFormatValidator (cel-go ext/formatting.go): the text of a format() is parsed and each
// clause compared with the type of its argument, when both are literals.
#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "cel/internal/issues.hpp"
#include "cel/internal/validation.hpp"

namespace tally::cel {

namespace {

constexpr std::uint32_t kDepthMax = 300;  // more than the parser lets literals nest

struct Clause {
  char verb;
  std::string_view words;  // what it can only be used on
  std::initializer_list<TypeKind> kinds;
};

constexpr std::initializer_list<TypeKind> kIntegers = {TypeKind::Int, TypeKind::Uint};
constexpr std::initializer_list<TypeKind> kReals = {TypeKind::Double, TypeKind::String};
constexpr std::initializer_list<TypeKind> kBinary = {TypeKind::Int, TypeKind::Uint, TypeKind::Bool};
constexpr std::initializer_list<TypeKind> kHex = {TypeKind::Int, TypeKind::Uint, TypeKind::String,
                                                  TypeKind::Bytes};
constexpr std::initializer_list<TypeKind> kText = {
    TypeKind::List,   TypeKind::Map,      TypeKind::Int,    TypeKind::Uint,
    TypeKind::Double, TypeKind::Bool,     TypeKind::String, TypeKind::Timestamp,
    TypeKind::Bytes,  TypeKind::Duration, TypeKind::Type,   TypeKind::Null};
constexpr std::string_view kHexWords =
    "only integers, byte buffers, and strings can be formatted as hex";

constexpr Clause kClauses[] = {
    {'s',
     "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
     "durations, and timestamps",
     kText},
    {'d', "decimal clause can only be used on integers", kIntegers},
    {'f', "fixed-point clause can only be used on doubles", kReals},
    {'e', "scientific clause can only be used on doubles", kReals},
    {'b', "only integers and bools can be formatted as binary", kBinary},
    {'x', kHexWords, kHex},
    {'X', kHexWords, kHex},
    {'o', "octal clause can only be used on integers", kIntegers},
};

const Type* unwrapped(const Type* type) noexcept {
  return type->kind == TypeKind::Wrapper ? type->args[0] : type;
}

// Where, and what, is wrong.
struct Wrong {
  ExprId at;
  std::string message;
};

class FormatCall {
 public:
  FormatCall(const CheckedAst& checked, ExprId call)
      : checked_(checked),
        ast_(checked.ast),
        call_(call),
        args_(ast_.children(ast_[ast_.child(ast_[call], 1)])) {}

  // parseFormatString.
  [[nodiscard]] std::optional<Wrong> examine(std::string_view text) const {
    std::size_t used = 0;
    while (!text.empty()) {
      if (text[0] != '%') {
        text.remove_prefix(std::min(text.find('%'), text.size()));
        continue;
      }
      text.remove_prefix(1);
      if (text.starts_with('%')) {
        text.remove_prefix(1);
        continue;
      }
      if (text.empty()) {
        return Wrong{call_, "unexpected end of string"};
      }
      if (used >= args_.size()) {
        return Wrong{call_, "index " + std::to_string(used) + " out of range"};
      }
      if (auto wrong = examine_clause(text, args_[used++])) {
        return wrong;
      }
    }
    if (args_.size() > used) {
      return Wrong{call_, "too many arguments supplied to string.format (expected " +
                              std::to_string(used) + ", got " + std::to_string(args_.size()) + ")"};
    }
    return std::nullopt;
  }

 private:
  // parseAndFormatClause; the clause is removed from `text`.
  std::optional<Wrong> examine_clause(std::string_view& text, ExprId arg) const {
    if (text.starts_with('.')) {
      if (std::string wrong = remove_precision(text); !wrong.empty()) {
        return Wrong{call_,
                     "could not parse formatting clause: error while parsing precision: " + wrong};
      }
    }
    const char verb = text.front();
    text.remove_prefix(1);
    const auto* const clause = std::ranges::find(kClauses, verb, &Clause::verb);
    if (clause == std::end(kClauses)) {
      std::string message = "could not parse formatting clause: unrecognized formatting clause \"";
      append_utf8(message, static_cast<unsigned char>(verb));  // Go takes the byte for a rune
      return Wrong{call_, message + '"'};
    }
    if (const auto bad = misfit(*clause, arg, 0)) {
      return Wrong{*bad, "error during formatting: " + std::string(clause->words) + ", was given " +
                             std::string(unwrapped(checked_.types[*bad])->name)};
    }
    return std::nullopt;
  }

  // parsePrecision; what is wrong with it, or an empty text.
  static std::string remove_precision(std::string_view& text) {
    std::size_t end = 1;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') {
      ++end;
    }
    if (end == text.size()) {
      return "could not find end of precision specifier";
    }
    const std::string_view digits = text.substr(1, end - 1);
    std::int64_t precision = 0;
    const auto [at, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), precision);
    text.remove_prefix(end);
    if (failed == std::errc{}) {
      return {};
    }
    return "error while converting precision to integer: strconv.Atoi: parsing \"" +
           std::string(digits) + "\": " +
           (failed == std::errc::result_out_of_range ? "value out of range" : "invalid syntax");
  }

  // The expression whose type the clause cannot print: `arg`, or what stands in its literal.
  [[nodiscard]] std::optional<ExprId> misfit(const Clause& clause, ExprId arg,
                                             std::uint32_t depth) const {
    const Type* type = unwrapped(checked_.types[arg]);
    if (type->kind != TypeKind::Dyn &&
        std::ranges::find(clause.kinds, type->kind) == clause.kinds.end()) {
      return arg;
    }
    const Expr& e = ast_[arg];
    if (clause.verb == 's' && depth < kDepthMax &&
        (e.kind == ExprKind::List || e.kind == ExprKind::Map)) {
      for (const ExprId child : ast_.children(e)) {
        if (const auto bad = misfit(clause, child, depth + 1)) {
          return bad;
        }
      }
    }
    return std::nullopt;
  }

  const CheckedAst& checked_;
  const Ast& ast_;
  ExprId call_;
  std::span<const ExprId> args_;
};

}  // namespace

void validate_format_call(const CheckedAst& checked, ExprId call, std::vector<Issue>& issues) {
  const Ast& ast = checked.ast;
  const Expr& e = ast[call];
  if (!e.member || e.name != "format" || e.child_count != 2) {
    return;
  }
  const Expr& text = ast[ast.child(e, 0)];
  if (text.kind != ExprKind::Literal || !text.value.is(ValueKind::String) ||
      ast[ast.child(e, 1)].kind != ExprKind::List) {
    return;
  }
  if (auto wrong = FormatCall(checked, call).examine(text.value.text());
      wrong && issues.size() < kIssuesMax) {
    issues.push_back({ast[wrong->at].offset, std::move(wrong->message)});
  }
}

}  // namespace tally::cel
