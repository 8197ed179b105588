#include "network_policy/calico_selector.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace tally::network_policy {
namespace {

using Kind = CalicoSelector::Kind;
using Node = CalicoSelector::Node;

constexpr bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '/' || c == '-';
}

class DepthGuard {
 public:
  explicit DepthGuard(std::uint32_t& depth) : depth_(depth) { ++depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  ~DepthGuard() { --depth_; }

 private:
  std::uint32_t& depth_;
};

class Parser {
 public:
  Parser(std::string_view text, const CalicoSelector::Limits& limits, std::vector<Node>& nodes)
      : text_(text), limits_(limits), nodes_(nodes) {}

  Result<void> run() {
    skip_space();
    if (at_ == text_.size()) {
      nodes_.push_back({.kind = Kind::All});
      return {};
    }
    auto whole = read_or();
    if (!whole) {
      return std::unexpected(std::move(whole).error());
    }
    if (at_ != text_.size()) {
      return wrong("expected && or || or the end of the selector");
    }
    return {};
  }

 private:
  using Place = Result<std::uint32_t>;

  std::unexpected<Error> wrong(std::string expected) const {
    constexpr std::size_t kShownMax = 32;
    const std::string found = at_ == text_.size()
                                  ? std::string("the end")
                                  : "\"" + std::string(text_.substr(at_, kShownMax)) + "\"";
    return content_error(std::move(expected) + ", found " + found, position());
  }

  Position position() const {
    std::uint32_t column = 1;
    std::uint32_t line = 1;
    for (const char c : text_.substr(0, at_)) {
      if (c == '\n') {
        ++line;
        column = 0;
      }
      column += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    }
    return {.line = line, .column = column};
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  bool take(std::string_view wanted) {
    if (!text_.substr(at_).starts_with(wanted)) {
      return false;
    }
    at_ += wanted.size();
    skip_space();
    return true;
  }

  Place add(Node node) {
    if (nodes_.size() >= limits_.nodes_max) {
      return limit_error(
          "the selector has more than " + std::to_string(limits_.nodes_max) + " parts", position());
    }
    nodes_.push_back(std::move(node));
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  Place read_or() { return read_list(Kind::Or, "||", &Parser::read_and); }
  Place read_and() { return read_list(Kind::And, "&&", &Parser::read_operation); }

  Place read_list(Kind kind, std::string_view between, Place (Parser::*read_part)()) {
    std::vector<std::uint32_t> parts;
    do {
      auto part = (this->*read_part)();
      if (!part) {
        return part;
      }
      parts.push_back(*part);
    } while (take(between));
    return parts.size() == 1 ? Place(parts.front())
                             : add({.kind = kind, .key = {}, .values = {}, .parts = parts});
  }

  Place read_operation() {
    bool is_negated = false;
    while (text_.substr(at_, 1) == "!" && text_.substr(at_, 2) != "!=") {
      take("!");
      is_negated = !is_negated;
    }
    auto operation = read_positive();
    if (!operation || !is_negated) {
      return operation;
    }
    return add({.kind = Kind::Not, .key = {}, .values = {}, .parts = {*operation}});
  }

  Place read_positive() {
    if (take("(")) {
      const DepthGuard guard(depth_);
      if (depth_ > limits_.depth_max) {
        return limit_error(
            "the selector is nested deeper than " + std::to_string(limits_.depth_max), position());
      }
      auto inner = read_or();
      if (inner && !take(")")) {
        return wrong("expected )");
      }
      return inner;
    }
    // No space may stand before the parenthesis: "all ()" is the label "all".
    if (take("all(")) {
      return take(")") ? add({.kind = Kind::All}) : wrong("expected ) after all(");
    }
    if (take("global(")) {
      return take(")") ? add({.kind = Kind::Global}) : wrong("expected ) after global(");
    }
    if (take("has(")) {
      auto key = read_key("expected a label in has()");
      if (!key) {
        return std::unexpected(std::move(key).error());
      }
      return take(")") ? add({.kind = Kind::Has, .key = *key}) : wrong("expected ) after has(");
    }
    auto key = read_key("expected a label, has(), all(), global(), ! or (");
    if (!key) {
      return std::unexpected(std::move(key).error());
    }
    return read_test(std::move(*key));
  }

  Result<std::string> read_key(std::string expected) {
    std::size_t end = at_;
    while (end < text_.size() && is_key_character(text_[end])) {
      ++end;
    }
    if (end == at_) {
      return wrong(std::move(expected));
    }
    std::string key(text_.substr(at_, end - at_));
    at_ = end;
    skip_space();
    return key;
  }

  // Words need no space behind them: `a in{"x"}`, `a contains"x"`.
  bool take_words(std::string_view first, std::string_view second) {
    const std::size_t before = at_;
    if (take(first) && take(second)) {
      return true;
    }
    at_ = before;
    return false;
  }

  Place read_test(std::string key) {
    struct Test {
      std::string_view text;
      Kind kind;
    };
    static constexpr std::array kTests{Test{"==", Kind::In}, Test{"!=", Kind::NotIn},
                                       Test{"contains", Kind::Contains}};
    for (const Test& test : kTests) {
      if (take(test.text)) {
        return read_value(std::move(key), test.kind);
      }
    }
    if (take_words("starts", "with")) {
      return read_value(std::move(key), Kind::StartsWith);
    }
    if (take_words("ends", "with")) {
      return read_value(std::move(key), Kind::EndsWith);
    }
    if (take_words("not", "in")) {
      return read_values(std::move(key), Kind::NotIn);
    }
    if (take("in")) {
      return read_values(std::move(key), Kind::In);
    }
    return wrong(
        "expected ==, !=, in, not in, contains, starts with or ends with after the label \"" + key +
        "\"");
  }

  bool is_at_string() const {
    return at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
  }

  Result<std::string> read_string() {
    if (!is_at_string()) {
      return wrong("expected a text in quotes");
    }
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) {
      return wrong("expected a closing quote");
    }
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    skip_space();
    return value;
  }

  Place read_value(std::string key, Kind kind) {
    auto value = read_string();
    if (!value) {
      return std::unexpected(std::move(value).error());
    }
    return add({.kind = kind, .key = std::move(key), .values = {std::move(*value)}});
  }

  Place read_values(std::string key, Kind kind) {
    if (!take("{")) {
      return wrong("expected { and a list of texts");
    }
    std::vector<std::string> values;
    while (is_at_string()) {
      auto value = read_string();
      if (!value) {
        return std::unexpected(std::move(value).error());
      }
      values.push_back(std::move(*value));
      if (!take(",")) {
        break;
      }
    }
    if (!take("}")) {
      return wrong("expected }");
    }
    std::ranges::sort(values);
    const auto repeated = std::ranges::unique(values);
    values.erase(repeated.begin(), repeated.end());
    return add({.kind = kind, .key = std::move(key), .values = std::move(values)});
  }

  std::string_view text_;
  const CalicoSelector::Limits& limits_;
  std::vector<Node>& nodes_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
};

std::string quoted(const std::string& value) {
  const char quote = value.contains('"') ? '\'' : '"';
  return quote + value + quote;
}

}  // namespace

Result<CalicoSelector> CalicoSelector::parse(std::string_view text, const Limits& limits) {
  CalicoSelector selector;
  TALLY_CHECK(Parser(text, limits, selector.nodes_).run());
  return selector;
}

bool CalicoSelector::contains(Kind kind) const {
  return std::ranges::any_of(nodes_, [kind](const Node& node) { return node.kind == kind; });
}

bool holds(const Node& test, std::optional<std::string_view> value) {
  const auto any = [&](auto&& compare) {
    return value && std::ranges::any_of(test.values, [&](const std::string& wanted) {
             return compare(*value, std::string_view(wanted));
           });
  };
  const auto equal = [](std::string_view v, std::string_view wanted) { return v == wanted; };
  switch (test.kind) {
    case Kind::Has:
      return value.has_value();
    case Kind::In:
      return any(equal);
    case Kind::NotIn:
      return !any(equal);
    case Kind::Contains:
      return any([](std::string_view v, std::string_view wanted) { return v.contains(wanted); });
    case Kind::StartsWith:
      return any([](std::string_view v, std::string_view wanted) { return v.starts_with(wanted); });
    case Kind::EndsWith:
      return any([](std::string_view v, std::string_view wanted) { return v.ends_with(wanted); });
    case Kind::All:
    case Kind::Global:
    case Kind::Not:
    case Kind::And:
    case Kind::Or:
      break;
  }
  return false;
}

// From the parts to the whole, so that no recursion is needed.
bool CalicoSelector::matches(const Labels& labels, Constants constants) const {
  std::vector<bool> values;
  values.reserve(nodes_.size());
  for (const Node& node : nodes_) {
    const auto is_true = [&](std::uint32_t part) { return values[part]; };
    switch (node.kind) {
      case Kind::All:
        values.push_back(constants.all);
        break;
      case Kind::Global:
        values.push_back(constants.global);
        break;
      case Kind::Not:
        values.push_back(!values[node.parts.front()]);
        break;
      case Kind::And:
        values.push_back(std::ranges::all_of(node.parts, is_true));
        break;
      case Kind::Or:
        values.push_back(std::ranges::any_of(node.parts, is_true));
        break;
      case Kind::Has:
      case Kind::In:
      case Kind::NotIn:
      case Kind::Contains:
      case Kind::StartsWith:
      case Kind::EndsWith:
        values.push_back(holds(node, labels(node.key)));
        break;
    }
  }
  return values.back();
}

std::string CalicoSelector::to_string() const {
  std::vector<std::string> texts;
  texts.reserve(nodes_.size());
  for (const Node& node : nodes_) {
    std::string text;
    const auto list = [&](const char* open, std::string_view between, const char* close) {
      text = open;
      for (const std::uint32_t part : node.parts) {
        text.append(part == node.parts.front() ? "" : between)
            .append(std::exchange(texts[part], {}));
      }
      text += close;
    };
    const auto test = [&](std::string_view one, std::string_view several) {
      text = node.key;
      if (node.values.size() == 1) {
        text.append(one).append(quoted(node.values.front()));
        return;
      }
      text.append(several).append("{");
      for (const std::string& value : node.values) {
        text.append(text.ends_with('{') ? "" : ", ").append(quoted(value));
      }
      text += '}';
    };
    switch (node.kind) {
      case Kind::All:
        text = "all()";
        break;
      case Kind::Global:
        text = "global()";
        break;
      case Kind::Has:
        text = "has(" + node.key + ")";
        break;
      case Kind::In:
        test(" == ", " in ");
        break;
      case Kind::NotIn:
        test(" != ", " not in ");
        break;
      case Kind::Contains:
        test(" contains ", "");
        break;
      case Kind::StartsWith:
        test(" starts with ", "");
        break;
      case Kind::EndsWith:
        test(" ends with ", "");
        break;
      case Kind::Not:
        // "!!a" reads as "a".
        list(texts[node.parts.front()].starts_with('!') ? "!(" : "!", "",
             texts[node.parts.front()].starts_with('!') ? ")" : "");
        break;
      case Kind::And:
        list("(", " && ", ")");
        break;
      case Kind::Or:
        list("(", " || ", ")");
        break;
    }
    texts.push_back(std::move(text));
  }
  return std::move(texts.back());
}

}  // namespace tally::network_policy
