// Follows k8s.io/apimachinery v0.37.2, pkg/labels/selector.go, token by token.
#include "scalar/label_selector.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/text.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::scalar {

namespace {

constexpr std::array<std::string_view, 6> kOperatorNames{"In",           "NotIn", "Exists",
                                                         "DoesNotExist", "Gt",    "Lt"};

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) {
      return std::nullopt;
    }
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

enum class TokenKind : std::uint8_t {
  End,
  Identifier,
  Comma,
  Open,
  Close,
  Not,
  Equals,
  DoubleEquals,
  NotEquals,
  Greater,
  Less,
  In,
  NotIn,
  Invalid,
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;
  std::uint32_t column = 1;
};

struct Symbol {
  std::string_view text;
  TokenKind kind;
};
constexpr std::array<Symbol, 9> kSymbols{{{")", TokenKind::Close},
                                          {",", TokenKind::Comma},
                                          {"!", TokenKind::Not},
                                          {"==", TokenKind::DoubleEquals},
                                          {"=", TokenKind::Equals},
                                          {">", TokenKind::Greater},
                                          {"<", TokenKind::Less},
                                          {"!=", TokenKind::NotEquals},
                                          {"(", TokenKind::Open}}};

constexpr std::string_view kSpecial = "=!(),><";
constexpr std::string_view kBlank = " \t\r\n";

std::optional<TokenKind> symbol_kind(std::string_view text) {
  for (const Symbol& symbol : kSymbols) {
    if (symbol.text == text) {
      return symbol.kind;
    }
  }
  return std::nullopt;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    at_ = std::min(text_.find_first_not_of(kBlank, at_), text_.size());
    const auto column = static_cast<std::uint32_t>(at_ + 1);
    if (at_ == text_.size()) {
      return {TokenKind::End, {}, column};
    }
    Token token = kSpecial.contains(text_[at_]) ? special() : identifier();
    token.column = column;
    return token;
  }

 private:
  // The longest run of special characters that is a symbol, as upstream scans it: stop at the first
  // character that no longer makes one.
  Token special() {
    const std::size_t begin = at_;
    std::optional<TokenKind> last;
    std::size_t end = begin;
    while (at_ < text_.size() && kSpecial.contains(text_[at_])) {
      const auto kind = symbol_kind(text_.substr(begin, at_ - begin + 1));
      if (!kind && last) {
        break;
      }
      ++at_;
      if (kind) {
        last = kind;
        end = at_;
      }
    }
    return last ? Token{*last, text_.substr(begin, end - begin)}
                : Token{TokenKind::Invalid, text_.substr(begin, at_ - begin)};
  }

  Token identifier() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !kSpecial.contains(text_[at_]) && !kBlank.contains(text_[at_])) {
      ++at_;
    }
    const std::string_view word = text_.substr(begin, at_ - begin);
    const TokenKind kind = word == "in"      ? TokenKind::In
                           : word == "notin" ? TokenKind::NotIn
                                             : TokenKind::Identifier;
    return {kind, word};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text), token_(lexer_.next()) {}

  Result<LabelSelector> parse() {
    LabelSelector selector;
    while (token_.kind != TokenKind::End) {
      TALLY_CHECK(requirement(selector));
      if (token_.kind == TokenKind::End) {
        break;
      }
      if (token_.kind != TokenKind::Comma) {
        return expected("',' or 'end of string'");
      }
      advance();
      if (!is_value() && token_.kind != TokenKind::Not) {
        return expected("identifier after ','");
      }
    }
    return selector;
  }

 private:
  void advance() { token_ = lexer_.next(); }

  // `in` and `notin` are words like any other wherever an operator cannot stand.
  [[nodiscard]] bool is_value() const {
    return token_.kind == TokenKind::Identifier || token_.kind == TokenKind::In ||
           token_.kind == TokenKind::NotIn;
  }

  [[nodiscard]] std::unexpected<Error> expected(std::string_view what) const {
    return content_error(fmt::format("found '{}', expected: {}", excerpt(token_.text), what),
                         {1, token_.column});
  }

  Result<void> requirement(LabelSelector& selector) {
    const bool negated = token_.kind == TokenKind::Not;
    if (negated) {
      advance();
    }
    if (!is_value()) {
      return expected(negated ? "identifier" : "!, identifier, or 'end of string'");
    }
    LabelRequirement made{
        .key = std::string(token_.text), .op = SelectorOperator::DoesNotExist, .values = {}};
    const std::uint32_t column = token_.column;
    advance();
    const bool alone = token_.kind == TokenKind::End || token_.kind == TokenKind::Comma;
    if (alone) {
      made.op = negated ? SelectorOperator::DoesNotExist : SelectorOperator::Exists;
    } else if (negated) {
      return expected("',' or 'end of string'");
    } else {
      TALLY_CHECK(restriction(made));
    }
    auto added = selector.add(std::move(made));
    if (!added) {
      added.error().at = {1, column};
    }
    return added;
  }

  Result<void> restriction(LabelRequirement& made) {
    const TokenKind kind = token_.kind;
    switch (kind) {
      case TokenKind::In:
      case TokenKind::NotIn:
        made.op = kind == TokenKind::In ? SelectorOperator::In : SelectorOperator::NotIn;
        advance();
        return value_set(made);
      case TokenKind::Equals:
      case TokenKind::DoubleEquals:
        made.op = SelectorOperator::In;
        break;
      case TokenKind::NotEquals:
        made.op = SelectorOperator::NotIn;
        break;
      case TokenKind::Greater:
        made.op = SelectorOperator::GreaterThan;
        break;
      case TokenKind::Less:
        made.op = SelectorOperator::LessThan;
        break;
      case TokenKind::End:
      case TokenKind::Identifier:
      case TokenKind::Comma:
      case TokenKind::Open:
      case TokenKind::Close:
      case TokenKind::Not:
      case TokenKind::Invalid:
        return expected("in, notin, =, ==, !=, >, <");
    }
    advance();
    if (token_.kind == TokenKind::End || token_.kind == TokenKind::Comma) {
      made.values.emplace_back();
      return {};
    }
    if (!is_value()) {
      return expected("identifier");
    }
    made.values.emplace_back(token_.text);
    advance();
    return {};
  }

  // "(" [ values ] ")": empty places between commas are empty values.
  Result<void> value_set(LabelRequirement& made) {
    if (token_.kind != TokenKind::Open) {
      return expected("'('");
    }
    advance();
    bool after_value = false;
    for (;; advance()) {
      if (is_value() && !after_value) {
        made.values.emplace_back(token_.text);
        after_value = true;
      } else if (token_.kind == TokenKind::Comma) {
        if (!after_value) {
          made.values.emplace_back();
        }
        after_value = false;
      } else if (token_.kind == TokenKind::Close) {
        if (!after_value) {
          made.values.emplace_back();
        }
        advance();
        return {};
      } else {
        return expected(after_value ? "',' or ')'" : "',', ')' or identifier");
      }
    }
  }

  Lexer lexer_;
  Token token_;
};

Result<void> check_values(const LabelRequirement& requirement) {
  const std::size_t count = requirement.values.size();
  switch (requirement.op) {
    case SelectorOperator::In:
    case SelectorOperator::NotIn:
      if (count == 0) {
        return content_error("for 'in', 'notin' operators, values set can't be empty");
      }
      break;
    case SelectorOperator::Exists:
    case SelectorOperator::DoesNotExist:
      if (count != 0) {
        return content_error("values set must be empty for exists and does not exist");
      }
      break;
    case SelectorOperator::GreaterThan:
    case SelectorOperator::LessThan:
      if (count != 1) {
        return content_error("for 'Gt', 'Lt' operators, exactly one value is required");
      }
      if (!parse_integer(requirement.values.front())) {
        return content_error(
            fmt::format("for 'Gt', 'Lt' operators, the value must be an integer, found \"{}\"",
                        excerpt(requirement.values.front())));
      }
      break;
  }
  for (const std::string& value : requirement.values) {
    if (const auto problem = label_value_problem(value); !problem.empty()) {
      return content_error(fmt::format("label value \"{}\" of {}: {}", excerpt(value),
                                       excerpt(requirement.key), problem));
    }
  }
  return {};
}

}  // namespace

std::string_view operator_name(SelectorOperator op) noexcept {
  return kOperatorNames[static_cast<std::size_t>(op)];
}

std::optional<SelectorOperator> parse_operator(std::string_view name) noexcept {
  const auto* at = std::find(kOperatorNames.begin(), kOperatorNames.end(), name);
  if (at == kOperatorNames.end()) {
    return std::nullopt;
  }
  return static_cast<SelectorOperator>(at - kOperatorNames.begin());
}

bool LabelRequirement::matches(std::optional<std::string_view> value) const noexcept {
  switch (op) {
    case SelectorOperator::In:
      return value && std::binary_search(values.begin(), values.end(), *value);
    // An object without the label is "not in" as well (upstream, Requirement.Matches, case 4).
    case SelectorOperator::NotIn:
      return !value || !std::binary_search(values.begin(), values.end(), *value);
    case SelectorOperator::Exists:
      return value.has_value();
    case SelectorOperator::DoesNotExist:
      return !value.has_value();
    case SelectorOperator::GreaterThan:
    case SelectorOperator::LessThan: {
      const auto left = value ? parse_integer(*value) : std::nullopt;
      const auto right = values.size() == 1 ? parse_integer(values.front()) : std::nullopt;
      const std::int64_t difference = left && right ? (*left > *right) - (*left < *right) : 0;
      return op == SelectorOperator::GreaterThan ? difference > 0 : difference < 0;
    }
  }
  return false;
}

Result<LabelSelector> LabelSelector::parse(std::string_view text) { return Parser(text).parse(); }

Result<void> LabelSelector::add(LabelRequirement requirement) {
  if (const auto problem = label_key_problem(requirement.key); !problem.empty()) {
    return content_error(fmt::format("label key \"{}\": {}", excerpt(requirement.key), problem));
  }
  TALLY_CHECK(check_values(requirement));
  std::sort(requirement.values.begin(), requirement.values.end());
  requirement.values.erase(std::unique(requirement.values.begin(), requirement.values.end()),
                           requirement.values.end());
  const auto place = std::upper_bound(requirements_.begin(), requirements_.end(), requirement,
                                      [](const auto& a, const auto& b) { return a.key < b.key; });
  requirements_.insert(place, std::move(requirement));
  return {};
}

bool LabelSelector::matches(
    std::span<const std::pair<std::string_view, std::string_view>> labels) const {
  return matches([labels](std::string_view key) -> std::optional<std::string_view> {
    const auto at = std::find_if(labels.begin(), labels.end(),
                                 [key](const auto& label) { return label.first == key; });
    return at == labels.end() ? std::nullopt : std::optional{at->second};
  });
}

std::string LabelSelector::to_string() const {
  std::string out;
  for (const LabelRequirement& requirement : requirements_) {
    if (!out.empty()) {
      out += ',';
    }
    const bool single = requirement.values.size() == 1;
    const std::string values = fmt::format("{}", fmt::join(requirement.values, ","));
    switch (requirement.op) {
      case SelectorOperator::In:
        out += single ? fmt::format("{}={}", requirement.key, values)
                      : fmt::format("{} in ({})", requirement.key, values);
        break;
      case SelectorOperator::NotIn:
        out += single ? fmt::format("{}!={}", requirement.key, values)
                      : fmt::format("{} notin ({})", requirement.key, values);
        break;
      case SelectorOperator::Exists:
        out += requirement.key;
        break;
      case SelectorOperator::DoesNotExist:
        out += '!' + requirement.key;
        break;
      case SelectorOperator::GreaterThan:
        out += fmt::format("{}>{}", requirement.key, values);
        break;
      case SelectorOperator::LessThan:
        out += fmt::format("{}<{}", requirement.key, values);
        break;
    }
  }
  return out;
}

}  // namespace tally::scalar
