#include "kyverno/internal/assertion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tally::kyverno::internal {

using document::Node;

namespace {

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}
std::size_t word_end(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_word(text[at])) {
    ++at;
  }
  return at;
}

void append_pointer(std::string& out, std::string_view key) {
  out += '/';
  for (const char c : key) {
    if (c == '~' || c == '/') {
      out += c == '~' ? "~0" : "~1";
    } else {
      out += c;
    }
  }
}

}  // namespace

// The regular expressions of expression.go, by hand:
//   foreach  ^~(\w+)?\.(.*)
//   binding  (.*)\s*->\s*(\w+)$      so that white space in front of the arrow stays
//   escape   ^\\(.+)\\$
//   engine   ^\((?:(\w+):)?(.+)\)$   whatever the word says, it is JMESPath
AssertionText AssertionText::parse(std::string_view text) noexcept {
  AssertionText out;
  if (text.starts_with('~')) {
    const std::size_t end = word_end(text, 1);
    if (end < text.size() && text[end] == '.') {
      out.is_foreach = true;
      out.foreach_name = text.substr(1, end - 1);
      text = text.substr(end + 1);
      text = text.substr(0, text.find('\n'));
    }
  }
  if (const std::size_t arrow = text.rfind("->"); arrow != std::string_view::npos) {
    std::size_t name = arrow + 2;
    while (name < text.size() && is_space(text[name])) {
      ++name;
    }
    if (name < text.size() && word_end(text, name) == text.size()) {
      out.binding = text.substr(name);
      text = text.substr(0, arrow);
    }
  }
  const auto is_inside = [&](char first, char last) {
    return text.size() > 2 && text.front() == first && text.back() == last &&
           text.find('\n') == std::string_view::npos;
  };
  if (is_inside('\\', '\\')) {
    text = text.substr(1, text.size() - 2);
  } else if (is_inside('(', ')')) {
    out.is_expression = true;
    text = text.substr(1, text.size() - 2);
    const std::size_t end = word_end(text, 0);
    if (end > 0 && end + 1 < text.size() && text[end] == ':') {
      text = text.substr(end + 1);
    }
  }
  out.statement = text;
  return out;
}

class AssertionCompiler {
 public:
  AssertionCompiler(Assertion& out) : out_(out) {}

  bool compile(const Node& tree, std::uint32_t depth, std::uint32_t& index) {
    if (depth > out_.limits_.depth) {
      return fail(tree, "the assertion is nested too deeply");
    }
    if (out_.parts_.size() >= out_.limits_.nodes) {
      return fail(tree, "the assertion is too large");
    }
    index = static_cast<std::uint32_t>(out_.parts_.size());
    out_.parts_.emplace_back();
    Assertion::Part part;
    const bool done = tree.is_object()  ? compile_map(tree, depth, part)
                      : tree.is_array() ? compile_list(tree, depth, part)
                                        : compile_scalar(tree, part);
    out_.parts_[index] = std::move(part);
    return done;
  }

  Assertion::Problem problem;

 private:
  bool fail(const Node& place, std::string message) {
    problem.place = place;
    problem.message = std::move(message);
    return false;
  }

  bool compile_expression(const Node& place, std::string_view text,
                          std::optional<jmespath::Expression>& into) {
    auto compiled = jmespath::Expression::compile(text, jmespath::Dialect::KyvernoJson);
    if (!compiled) {
      return fail(place, fmt::format("{} (at character {} of \"{}\")", compiled.error().message,
                                     compiled.error().offset + 1, text));
    }
    into = std::move(*compiled);
    return true;
  }

  bool compile_map(const Node& tree, std::uint32_t depth, Assertion::Part& part) {
    part.kind = Assertion::Kind::Map;
    std::vector<Assertion::Member> members;
    const std::size_t size = problem.pointer.size();
    for (const document::Member of : tree.members()) {
      append_pointer(problem.pointer, of.key);
      Assertion::Member member{.key = of.key, .text = AssertionText::parse(of.key)};
      if ((member.text.is_expression &&
           !compile_expression(of.value, member.text.statement, member.expression)) ||
          !compile(of.value, depth + 1, member.part)) {
        return false;
      }
      members.push_back(std::move(member));
      problem.pointer.resize(size);
    }
    part.first = static_cast<std::uint32_t>(out_.members_.size());
    part.count = static_cast<std::uint32_t>(members.size());
    std::ranges::move(members, std::back_inserter(out_.members_));
    return true;
  }

  bool compile_list(const Node& tree, std::uint32_t depth, Assertion::Part& part) {
    part.kind = Assertion::Kind::List;
    std::vector<std::uint32_t> children(tree.size());
    const std::size_t size = problem.pointer.size();
    for (std::size_t i = 0; i < tree.size(); ++i) {
      append_pointer(problem.pointer, fmt::format_int(i).c_str());
      if (!compile(tree.items()[i], depth + 1, children[i])) {
        return false;
      }
      problem.pointer.resize(size);
    }
    part.first = static_cast<std::uint32_t>(out_.children_.size());
    part.count = static_cast<std::uint32_t>(children.size());
    out_.children_.insert(out_.children_.end(), children.begin(), children.end());
    return true;
  }

  bool compile_scalar(const Node& tree, Assertion::Part& part) {
    part.expected = tree;
    if (!tree.is_string()) {
      return true;
    }
    // Without an expression the text is what is expected, its escapes included.
    const AssertionText text = AssertionText::parse(tree.text());
    if (!text.is_expression) {
      return true;
    }
    if (!text.foreach_name.empty()) {
      return fail(tree, "foreach is not supported on the RHS");
    }
    if (!text.binding.empty()) {
      return fail(tree, "binding is not supported on the RHS");
    }
    return compile_expression(tree, text.statement, part.expression);
  }

  Assertion& out_;
};

std::expected<Assertion, Assertion::Problem> Assertion::compile(const Node& tree,
                                                                const Limits& limits) {
  Assertion out;
  out.limits_ = limits;
  AssertionCompiler compiler(out);
  if (!compiler.compile(tree, 1, out.root_)) {
    return std::unexpected(std::move(compiler.problem));
  }
  return out;
}

// One check. Depth is that of the tree.
class AssertionCheck final : public jmespath::Variables {
 public:
  AssertionCheck(const Assertion& assertion, Arena& arena, const jmespath::Variables& outer,
                 const jmespath::Host* host)
      : assertion_(assertion), arena_(arena), outer_(outer), host_(host) {}

  [[nodiscard]] Answer resolve(std::string_view name) const override {
    for (auto bound = bound_.rbegin(); bound != bound_.rend(); ++bound) {
      if (bound->name == name) {
        return bound->value;
      }
    }
    return outer_.resolve(name);
  }

  bool check(std::uint32_t index, const Node& value) {
    const Assertion::Part& part = assertion_.parts_[index];
    if (mismatches.size() >= assertion_.limits_.mismatches) {
      return true;
    }
    if (++steps_ > assertion_.limits_.steps) {
      error = "too much work: the assertion takes too many steps";
      return false;
    }
    switch (part.kind) {
      case Assertion::Kind::Map:
        return check_map(part, value);
      case Assertion::Kind::List:
        return check_list(part, value);
      case Assertion::Kind::Scalar:
        return check_scalar(part, value);
    }
    return false;
  }

  std::vector<Assertion::Mismatch> mismatches;
  std::string error;

 private:
  struct Bound {
    std::string_view name;
    Node value;
  };
  // Where the value stands: `path` as messages say it, `pointer` as long as names lead there.
  class [[nodiscard]] Step {
   public:
    explicit Step(AssertionCheck& of)
        : of_(of),
          path_(of.path_.size()),
          pointer_(of.pointer_.size()),
          leads_there_(of.pointer_leads_there_) {}
    ~Step() {
      of_.path_.resize(path_);
      of_.pointer_.resize(pointer_);
      of_.pointer_leads_there_ = leads_there_;
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    AssertionCheck& of_;
    std::size_t path_;
    std::size_t pointer_;
    bool leads_there_;
  };

  void enter_key(std::string_view key) {
    path_ += path_.empty() ? "" : ".";
    path_ += key.empty() ? "[]" : key;
  }
  void enter_pointer(std::string_view key) {
    if (pointer_leads_there_) {
      append_pointer(pointer_, key);
    }
  }
  void enter_index(std::size_t index) {
    const fmt::format_int text(index);
    path_ += '[';
    path_ += text.c_str();
    path_ += ']';
    enter_pointer(text.c_str());
  }

  void mismatch(const std::string& message) {
    mismatches.push_back({.message = arena_.copy(message), .pointer = arena_.copy(pointer_)});
  }
  bool fail_internally(std::string_view message) {
    error = internal_error_text(path_, message);
    return false;
  }
  bool fail_type(const Node& value, std::string_view message) {
    error = invalid_text(path_, value, message);
    return false;
  }

  bool check_map(const Assertion::Part& part, const Node& value) {
    if (part.count == 0) {
      if (value.is_null()) {
        mismatch(invalid_text(path_, value, "invalid value, must not be null"));
      }
      return true;
    }
    const std::size_t bound = bound_.size();
    for (std::uint32_t i = part.first; i < part.first + part.count; ++i) {
      if (!check_member(assertion_.members_[i], value)) {
        return false;
      }
    }
    bound_.resize(bound);
    return true;
  }

  // project.go: nothing when the input has no such field. False: an error.
  bool project(const Assertion::Member& member, const Node& value, std::optional<Node>& out) {
    if (member.expression) {
      auto found = member.expression->search(value, arena_, host_, this);
      if (!found) {
        return fail_internally(found.error().message);
      }
      out = *found;
      pointer_leads_there_ = false;
      return true;
    }
    const bool is_empty = member.text.statement.empty();
    if (value.is_null() && !is_empty) {
      return true;
    }
    if (!value.is_object()) {
      return fail_internally("projection not recognized");
    }
    const std::string_view name = is_empty ? member.key : member.text.statement;
    if (const Node* const found = value.find(name); found != nullptr) {
      out = *found;
      enter_pointer(name);
    }
    return true;
  }

  bool check_member(const Assertion::Member& member, const Node& value) {
    const Step step(*this);
    enter_key(member.key);
    std::optional<Node> projected;
    if (!project(member, value, projected)) {
      return false;
    }
    if (!projected) {
      mismatch(required_text(path_, "field not found in the input object"));
      return true;
    }
    const bool is_named = !member.text.statement.empty();
    if (is_named && !member.text.binding.empty()) {
      bound_.push_back({member.text.binding, *projected});
    }
    return is_named && member.text.is_foreach ? check_each(member, *projected)
                                              : check(member.part, *projected);
  }

  bool check_each(const Assertion::Member& member, const Node& values) {
    if (!values.is_array() && !values.is_object()) {
      return fail_type(values, "expected a slice or a map");
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Step step(*this);
      if (values.is_array()) {
        enter_index(i);
      } else {
        path_ += '[';
        path_ += values.key(i);
        path_ += ']';
        enter_pointer(values.key(i));
      }
      const std::size_t bound = bound_.size();
      if (!member.text.foreach_name.empty()) {
        bound_.push_back({member.text.foreach_name,
                          values.is_array()
                              ? jmespath::go_integer(static_cast<std::int64_t>(i), arena_)
                              : Node::make_string(values.key(i), 0)});
      }
      const bool done = check(member.part, values.items()[i]);
      bound_.resize(bound);
      if (!done) {
        return false;
      }
    }
    return true;
  }

  bool check_list(const Assertion::Part& part, const Node& value) {
    if (value.is_null()) {
      mismatch(invalid_text(path_, value, "value is null"));
      return true;
    }
    if (!value.is_array()) {
      return fail_type(value, "expected a slice");
    }
    if (value.size() != part.count) {
      mismatch(invalid_text(path_, value, "lengths of slices don't match"));
      return true;
    }
    for (std::uint32_t i = 0; i < part.count; ++i) {
      const Step step(*this);
      enter_index(i);
      if (!check(assertion_.children_[part.first + i], value.items()[i])) {
        return false;
      }
    }
    return true;
  }

  bool check_scalar(const Assertion::Part& part, const Node& value) {
    Node expected = part.expected;
    if (part.expression) {
      auto found = part.expression->search(value, arena_, host_, this);
      if (!found) {
        return fail_internally(found.error().message);
      }
      expected = *found;
    }
    const auto is_match = assertion_match(expected, value, steps_);
    if (!is_match) {
      return fail_internally(is_match.error());
    }
    if (!*is_match) {
      mismatch(invalid_text(path_, value, expected_text(expected)));
    }
    return true;
  }

  const Assertion& assertion_;
  Arena& arena_;
  const jmespath::Variables& outer_;
  const jmespath::Host* host_;
  std::vector<Bound> bound_;
  std::string path_;
  std::string pointer_;
  bool pointer_leads_there_ = true;
  std::uint64_t steps_ = 0;
};

Assertion::Outcome Assertion::check(const Node& input, Arena& arena,
                                    const jmespath::Variables& variables,
                                    const jmespath::Host* host) const {
  AssertionCheck checking(*this, arena, variables, host);
  if (!checking.check(root_, input)) {
    return std::unexpected(std::move(checking.error));
  }
  return std::move(checking.mismatches);
}

}  // namespace tally::kyverno::internal
