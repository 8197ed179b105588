#include "migration/internal/jmespath_syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "document/read.hpp"

namespace tally::migration {

using document::Node;

namespace {

constexpr std::size_t kDepthMax = 60;

class Parser {
 public:
  Parser(std::string_view text, const Node& at, Arena& arena)
      : text_(text), node_(at), arena_(arena) {}

  Outcome<Jmes> run() {
    auto out = pipe(0);
    skip_space();
    if (out && at_ != text_.size()) {
      return wrong();
    }
    return out;
  }

 private:
  using Kind = Jmes::Kind;

  std::unexpected<Refusal> wrong() const {
    return refuse(fmt::format("the expression {} is outside of what is translated: \"{}\"",
                              excerpt(text_, 60), excerpt(text_.substr(at_), 20)),
                  node_);
  }
  void skip_space() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos) {
      ++at_;
    }
  }
  [[nodiscard]] bool sees(std::string_view token) {
    skip_space();
    return text_.substr(at_).starts_with(token);
  }
  bool take(std::string_view token) {
    if (!sees(token)) {
      return false;
    }
    at_ += token.size();
    return true;
  }

  template <class Next>
  Outcome<Jmes> chain(Next next, std::string_view token, Kind kind, std::size_t depth) {
    auto left = (this->*next)(depth);
    while (left && sees(token) && !(token == "|" && sees("||"))) {
      at_ += token.size();
      auto right = (this->*next)(depth);
      if (!right) {
        return right;
      }
      Jmes both{.kind = kind};
      both.of.push_back(*std::move(left));
      both.of.push_back(*std::move(right));
      left = std::move(both);
    }
    return left;
  }
  Outcome<Jmes> pipe(std::size_t depth) {
    return depth > kDepthMax ? wrong() : chain(&Parser::alternative, "|", Kind::Pipe, depth + 1);
  }
  Outcome<Jmes> alternative(std::size_t depth) {
    return chain(&Parser::conjunction, "||", Kind::Or, depth);
  }
  Outcome<Jmes> conjunction(std::size_t depth) {
    return chain(&Parser::comparison, "&&", Kind::And, depth);
  }

  Outcome<Jmes> comparison(std::size_t depth) {
    auto left = negation(depth);
    if (!left) {
      return left;
    }
    for (const std::string_view op : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (take(op)) {
        auto right = negation(depth);
        if (!right) {
          return right;
        }
        Jmes out{.kind = Kind::Comparison, .name = std::string(op)};
        out.of.push_back(*std::move(left));
        out.of.push_back(*std::move(right));
        return out;
      }
    }
    return left;
  }

  Outcome<Jmes> negation(std::size_t depth) {
    if (depth > kDepthMax) {
      return wrong();
    }
    if (sees("!") && !sees("!=")) {
      ++at_;
      auto inner = negation(depth + 1);
      if (!inner) {
        return inner;
      }
      Jmes out{.kind = Kind::Not};
      out.of.push_back(*std::move(inner));
      return out;
    }
    return postfix(depth);
  }

  static Jmes step(Kind kind, Jmes of) {
    Jmes out{.kind = kind};
    out.of.push_back(std::move(of));
    return out;
  }

  Outcome<Jmes> postfix(std::size_t depth) {
    auto out = primary(depth);
    while (out) {
      if (take(".")) {
        auto next = after_dot(*std::move(out), depth);
        if (!next) {
          return next;
        }
        out = std::move(next);
      } else if (take("[")) {
        auto next = bracket(*std::move(out), depth);
        if (!next) {
          return next;
        }
        out = std::move(next);
      } else {
        break;
      }
    }
    return out;
  }

  Outcome<Jmes> after_dot(Jmes of, std::size_t depth) {
    if (take("[")) {
      Jmes out = step(Kind::List, std::move(of));
      if (auto done = list(out, "]", depth); !done) {
        return std::unexpected(done.error());
      }
      return out;
    }
    const bool is_quoted = sees("\"");
    auto name = read_name();
    if (!name) {
      return std::unexpected(name.error());
    }
    if (take("(")) {
      Jmes call{.kind = Kind::Call, .name = *std::move(name)};
      if (auto done = list(call, ")", depth); !done) {
        return std::unexpected(done.error());
      }
      Jmes out = step(Kind::Apply, std::move(of));
      out.of.push_back(std::move(call));
      return out;
    }
    Jmes out = step(Kind::Field, std::move(of));
    out.name = *std::move(name);
    out.number = is_quoted ? 1 : 0;
    return out;
  }

  Outcome<void> list(Jmes& into, std::string_view close, std::size_t depth) {
    if (take(close)) {
      return {};
    }
    while (true) {
      auto item = pipe(depth + 1);
      if (!item) {
        return std::unexpected(item.error());
      }
      into.of.push_back(*std::move(item));
      if (take(close)) {
        return {};
      }
      if (!take(",")) {
        return wrong();
      }
    }
  }

  Outcome<Jmes> bracket(Jmes of, std::size_t depth) {
    if (take("]")) {
      return step(Kind::Flatten, std::move(of));
    }
    if (take("?")) {
      auto condition = pipe(depth + 1);
      if (!condition) {
        return condition;
      }
      if (!take("]")) {
        return wrong();
      }
      Jmes out = step(Kind::Filter, std::move(of));
      out.of.push_back(*std::move(condition));
      return out;
    }
    if (take("*")) {
      return take("]") ? Outcome<Jmes>(step(Kind::Each, std::move(of))) : wrong();
    }
    skip_space();
    Jmes out = step(Kind::Index, std::move(of));
    const auto [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), out.number);
    if (error != std::errc{}) {
      return wrong();
    }
    at_ = static_cast<std::size_t>(end - text_.data());
    return take("]") ? Outcome<Jmes>(std::move(out)) : wrong();
  }

  Outcome<std::string> read_name() {
    skip_space();
    if (take("\"")) {
      const std::size_t end = text_.find('"', at_);
      if (end == std::string_view::npos ||
          text_.substr(at_, end - at_).find('\\') != std::string_view::npos) {
        return wrong();
      }
      std::string out(text_.substr(at_, end - at_));
      at_ = end + 1;
      return out;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && (text_[at_] == '_' || (text_[at_] >= 'a' && text_[at_] <= 'z') ||
                                  (text_[at_] >= 'A' && text_[at_] <= 'Z') ||
                                  (at_ > begin && text_[at_] >= '0' && text_[at_] <= '9'))) {
      ++at_;
    }
    return at_ == begin ? Outcome<std::string>(wrong())
                        : std::string(text_.substr(begin, at_ - begin));
  }

  Outcome<Jmes> primary(std::size_t depth) {
    if (take("@")) {
      return Jmes{.kind = Kind::Current};
    }
    if (take("(")) {
      auto inner = pipe(depth + 1);
      return !inner || take(")") ? inner : wrong();
    }
    if (take("'")) {
      return raw_text(depth);
    }
    if (take("`")) {
      const std::size_t end = text_.find('`', at_);
      if (end == std::string_view::npos) {
        return wrong();
      }
      const std::string_view json = trim(text_.substr(at_, end - at_));
      at_ = end + 1;
      const auto source = document::Source::from_text("literal", json);
      const auto read = document::read_one(*source, arena_);
      if (!read) {
        return wrong();
      }
      return Jmes{.kind = Kind::Literal, .literal = document::deep_copy(arena_, *read)};
    }
    if (take("[")) {
      return bracket(Jmes{.kind = Kind::Current}, depth);
    }
    auto name = read_name();
    if (!name) {
      return std::unexpected(name.error());
    }
    if (take("(")) {
      Jmes call{.kind = Kind::Call, .name = *std::move(name)};
      if (auto done = list(call, ")", depth); !done) {
        return std::unexpected(done.error());
      }
      return call;
    }
    Jmes out = step(Kind::Field, Jmes{.kind = Kind::Current});
    out.name = *std::move(name);
    return out;
  }

  Outcome<Jmes> raw_text(std::size_t depth) {
    if (text_.substr(at_).starts_with("{{")) {
      const std::size_t end = text_.find("}}'", at_);
      if (end == std::string_view::npos) {
        return wrong();
      }
      auto inner = Parser(text_.substr(at_ + 2, end - at_ - 2), node_, arena_).pipe(depth + 1);
      if (!inner) {
        return inner;
      }
      at_ = end + 3;
      Jmes call{.kind = Kind::Call, .name = "to_string", .number = 1};
      call.of.push_back(*std::move(inner));
      return call;
    }
    std::string out;
    while (at_ < text_.size() && text_[at_] != '\'') {
      if (text_[at_] == '\\' && text_.substr(at_ + 1).starts_with("'")) {
        ++at_;
      }
      out += text_[at_++];
    }
    if (!take("'") || out.find("{{") != std::string::npos) {
      return wrong();
    }
    return Jmes{.kind = Kind::Literal, .literal = Node::make_string(arena_.copy(out), 0)};
  }

  std::string_view text_;
  const Node& node_;
  Arena& arena_;
  std::size_t at_ = 0;
};

}  // namespace

Outcome<Jmes> parse_jmespath(std::string_view text, const Node& at, Arena& arena) {
  return Parser(text, at, arena).run();
}

Outcome<std::vector<TextPart>> split_variables(const Node& text) {
  std::vector<TextPart> out;
  std::string_view rest = text.text();
  while (!rest.empty()) {
    const std::size_t begin = rest.find("{{");
    if (begin == std::string_view::npos) {
      break;
    }
    if (begin > 0 && rest[begin - 1] == '\\') {
      return refuse("an escaped variable", text);
    }
    std::size_t depth = 1;
    std::size_t end = begin + 2;
    for (; end + 1 < rest.size() && depth > 0; ++end) {
      if (rest.substr(end).starts_with("{{")) {
        ++depth;
        ++end;
      } else if (rest.substr(end).starts_with("}}")) {
        --depth;
        ++end;
      }
    }
    if (depth > 0) {
      return refuse("a variable without an end", text);
    }
    if (begin > 0) {
      out.push_back({.text = std::string(rest.substr(0, begin))});
    }
    const std::string_view inner = trim(rest.substr(begin + 2, end - begin - 4));
    if (inner.starts_with('-')) {
      return refuse("a shallow variable, {{-", text);
    }
    out.push_back({.text = std::string(inner), .is_variable = true});
    rest.remove_prefix(end);
  }
  if (!rest.empty() || out.empty()) {
    out.push_back({.text = std::string(rest)});
  }
  return out;
}

}  // namespace tally::migration
