#include "jmespath/testing/tree_walker.hpp"

#include <algorithm>

#include "jmespath/function.hpp"
#include "jmespath/internal/evaluator.hpp"
#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/numbers.hpp"

namespace tally::jmespath {

std::string TreeWalker::run(const Node& input) {
  Node result;
  switch (walk(ast_.root, input, result)) {
    case Outcome::Ok:
      break;
    case Outcome::NotFound:
      return "N Unknown key \"" + missing_ + "\" in path";
    case Outcome::Failed:
      return "E " + message();
  }
  std::string json = "V ";
  std::string unsupported;
  return append_go_json(json, result, unsupported) ? json
                                                   : "E json: unsupported value: " + unsupported;
}

Outcome TreeWalker::evaluate(const Node& reference, const Node& value, Node& out) {
  return walk(expression_of(reference), value, out);
}

Outcome TreeWalker::walk(std::uint32_t index, const Node& current, Node& out) {
  out = Node{};
  // Every link of a path is a level here, unlike in the program.
  if (++depth_ > 4 * limits().depth) {
    --depth_;
    static_cast<void>(fail_limit("the evaluation is nested too deeply"));
    return Outcome::Failed;
  }
  const Outcome outcome = charge_steps(1) ? walk_node(ast_[index], current, out) : Outcome::Failed;
  --depth_;
  return outcome;
}

bool TreeWalker::lenient(std::uint32_t index, const Node& current, Node& out) {
  const Outcome outcome = walk(index, current, out);
  if (outcome == Outcome::NotFound) {
    out = Node{};
  }
  return outcome != Outcome::Failed;
}

Outcome TreeWalker::project(std::uint32_t index, std::span<const Node> elements,
                            const std::uint32_t* filter, Node& out) {
  std::vector<Node> kept;
  for (const Node& element : elements) {
    Node value;
    if (filter != nullptr) {
      if (!lenient(*filter, element, value)) {
        return Outcome::Failed;
      }
      if (is_false(value)) {
        continue;
      }
    }
    if (!lenient(index, element, value)) {
      return Outcome::Failed;
    }
    if (!value.is_null()) {
      kept.push_back(value);
    }
  }
  return give_list(kept, out) ? Outcome::Ok : Outcome::Failed;
}

// By Python's rule over the characters as one-character texts.
Outcome TreeWalker::walk_text_slice(const AstNode& node, std::string_view text, Node& out) {
  if (node.slice[2] == 0) {
    return Outcome::Ok;
  }
  std::vector<Node> characters;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      ++end;
    }
    characters.push_back(Node::make_string(text.substr(at, end - at), 0));
    at = end;
  }
  Node kept;
  if (walk_node(node, Node::make_array(arena(), characters, 0), kept) != Outcome::Ok) {
    return Outcome::Failed;
  }
  std::string joined;
  for (const Node& item : kept.items()) {
    joined += item.text();
  }
  return give_text(joined, out) ? Outcome::Ok : Outcome::Failed;
}

Outcome TreeWalker::walk_node(const AstNode& node, const Node& current, Node& out) {
  const auto result = [](bool ok) { return ok ? Outcome::Ok : Outcome::Failed; };
  const auto& children = node.children;
  // The source of a flatten, filter or value projection; all its errors are null to Kyverno.
  const auto source = [&](Node& from) {
    if (!is_kyverno() && !is_kyverno_json()) {
      return lenient(children[0], current, from);
    }
    if (walk(children[0], current, from) == Outcome::Ok) {
      return true;
    }
    from = Node{};
    return forget_failure();
  };
  switch (node.kind) {
    case AstKind::CurrentNode:
      out = current;
      return Outcome::Ok;
    case AstKind::Literal:
      out = node.literal;
      return Outcome::Ok;
    case AstKind::ExpressionRef:
      out = make_expression_ref(children[0]);
      return Outcome::Ok;
    case AstKind::KeyValuePair:
      return walk(children[0], current, out);
    case AstKind::Field: {
      const Node* const found = current.find(node.text);
      if (found == nullptr && current.is_object() && is_kyverno()) {
        missing_ = node.text;
        return Outcome::NotFound;
      }
      out = found == nullptr ? Node{} : *found;
      return Outcome::Ok;
    }
    case AstKind::Subexpression:
    case AstKind::IndexExpression: {
      Node left;
      const Outcome outcome = walk(children[0], current, left);
      if (outcome == Outcome::Ok && left.is_null() && is_kyverno_json()) {
        return Outcome::Ok;
      }
      return outcome == Outcome::Ok ? walk(children[1], left, out) : outcome;
    }
    case AstKind::Index: {
      const auto items = current.is_array() ? current.items() : std::span<const Node>{};
      const auto size = static_cast<std::int64_t>(items.size());
      const std::int64_t at = node.number < 0 ? node.number + size : node.number;
      out = at >= 0 && at < size ? items[static_cast<std::size_t>(at)] : Node{};
      return Outcome::Ok;
    }
    case AstKind::Slice: {
      if (is_kyverno_json() && is_string(current)) {
        return walk_text_slice(node, current.text(), out);
      }
      if (!current.is_array()) {
        return Outcome::Ok;
      }
      const std::int64_t step = node.slice[2].value_or(1);
      if (step == 0) {
        return result(fail("Invalid slice, step cannot be 0"));
      }
      // Python's rule, by asking every index whether it is in the slice.
      const auto size = static_cast<std::int64_t>(current.size());
      std::vector<Node> kept;
      const auto clamp = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
        at = at < 0 ? at + size : at;
        return at < low ? low : at > high ? high : at;
      };
      if (step > 0) {
        const std::int64_t start = node.slice[0] ? clamp(*node.slice[0], 0, size) : 0;
        const std::int64_t stop = node.slice[1] ? clamp(*node.slice[1], 0, size) : size;
        for (std::int64_t i = start; i < stop; ++i) {
          if ((i - start) % step == 0) {
            kept.push_back(current.items()[static_cast<std::size_t>(i)]);
          }
        }
      } else {
        const std::int64_t start = node.slice[0] ? clamp(*node.slice[0], -1, size - 1) : size - 1;
        const std::int64_t stop = node.slice[1] ? clamp(*node.slice[1], -1, size - 1) : -1;
        for (std::int64_t i = start; i > stop; --i) {
          if ((start - i) % step == 0) {
            kept.push_back(current.items()[static_cast<std::size_t>(i)]);
          }
        }
      }
      return result(give_list(kept, out));
    }
    case AstKind::Projection: {
      Node from;
      if (!lenient(children[0], current, from)) {
        return Outcome::Failed;
      }
      const AstNode& left = ast_[children[0]];
      if (is_kyverno_json() && is_string(from) && left.kind == AstKind::IndexExpression &&
          ast_[left.children[1]].kind == AstKind::Slice) {
        out = from;
        return Outcome::Ok;
      }
      return from.is_array() ? project(children[1], from.items(), nullptr, out) : Outcome::Ok;
    }
    case AstKind::FilterProjection: {
      Node from;
      if (!source(from)) {
        return Outcome::Failed;
      }
      return from.is_array() ? project(children[1], from.items(), &children[2], out) : Outcome::Ok;
    }
    case AstKind::ValueProjection: {
      Node from;
      if (!source(from)) {
        return Outcome::Failed;
      }
      if (!from.is_object()) {
        return Outcome::Ok;
      }
      std::vector<Node> elements(is_kyverno() ? from.size() : 0);
      elements.insert(elements.end(), from.items().begin(), from.items().end());
      return project(children[1], elements, nullptr, out);
    }
    case AstKind::Flatten: {
      Node from;
      if (!source(from)) {
        return Outcome::Failed;
      }
      if (!from.is_array()) {
        return Outcome::Ok;
      }
      std::vector<Node> flat;
      for (const Node& item : from.items()) {
        if (item.is_array()) {
          flat.insert(flat.end(), item.items().begin(), item.items().end());
        } else {
          flat.push_back(item);
        }
      }
      return result(give_list(flat, out));
    }
    case AstKind::Comparator: {
      Node a;
      Node b;
      if (!lenient(children[0], current, a) || !lenient(children[1], current, b)) {
        return Outcome::Failed;
      }
      std::uint64_t steps = 0;
      const bool numbers =
          is_kyverno_json() ? is_numeric(a) && is_numeric(b) : is_number(a) && is_number(b);
      const double x = number_of(a);
      const double y = number_of(b);
      switch (node.comparison) {
        case Comparison::Equal:
          return result(give_bool(deep_equal(a, b, steps), out));
        case Comparison::NotEqual:
          return result(give_bool(!deep_equal(a, b, steps), out));
        case Comparison::Less:
          return result(!numbers || give_bool(x < y, out));
        case Comparison::LessEqual:
          return result(!numbers || give_bool(x <= y, out));
        case Comparison::Greater:
          return result(!numbers || give_bool(x > y, out));
        case Comparison::GreaterEqual:
          return result(!numbers || give_bool(x >= y, out));
      }
      return Outcome::Ok;
    }
    case AstKind::Or:
      if (!lenient(children[0], current, out)) {
        return Outcome::Failed;
      }
      return result(!is_false(out) || lenient(children[1], current, out));
    case AstKind::And:
      if (!lenient(children[0], current, out)) {
        return Outcome::Failed;
      }
      return is_false(out) ? Outcome::Ok : walk(children[1], current, out);
    case AstKind::Not: {
      Node value;
      return result(lenient(children[0], current, value) && give_bool(is_false(value), out));
    }
    case AstKind::Pipe: {
      Node left;
      return result(lenient(children[0], current, left) && lenient(children[1], left, out));
    }
    case AstKind::MultiSelectList:
    case AstKind::MultiSelectHash: {
      if (current.is_null() && !is_kyverno_json()) {
        return Outcome::Ok;
      }
      std::vector<Node> values;
      std::vector<std::string_view> keys;
      std::vector<Node> members;
      for (const std::uint32_t child : children) {
        Node value;
        if (!lenient(child, current, value)) {
          return Outcome::Failed;
        }
        values.push_back(value);
        const auto known = std::ranges::find(keys, ast_[child].text);
        if (known == keys.end()) {
          keys.push_back(ast_[child].text);
          members.push_back(value);
        } else {
          members[static_cast<std::size_t>(known - keys.begin())] = value;
        }
      }
      if (node.kind == AstKind::MultiSelectList) {
        return result(give_list(values, out));
      }
      return result(give_object(members, keys, out));
    }
    case AstKind::Function: {
      std::vector<Node> arguments;
      for (const std::uint32_t child : children) {
        Node value;
        if (!lenient(child, current, value)) {
          return Outcome::Failed;
        }
        arguments.push_back(value);
      }
      if (!node.is_named) {
        return result(fail("invalid node value type"));
      }
      const Function* const function = find_function(node.text, dialect());
      return result(function != nullptr ? call_function(*this, *function, arguments, out)
                                        : fail("unknown function: " + node.text));
    }
    case AstKind::Arithmetic: {
      Node a;
      Node b;
      const bool is_binary = children.size() > 1;
      if (!lenient(children[0], current, a) || (is_binary && !lenient(children[1], current, b))) {
        return Outcome::Failed;
      }
      if (!is_numeric(a) || (is_binary && !is_numeric(b))) {
        return Outcome::Ok;
      }
      const double left = is_binary ? number_of(a) : 0;
      return result(
          give_number(computed(node.arithmetic, left, number_of(is_binary ? b : a)), out));
    }
    case AstKind::Variable: {
      const auto found = bound_.find(node.text);
      if (found == bound_.end()) {
        return result(fail("variable not defined: $" + node.text));
      }
      out = found->second;
      return Outcome::Ok;
    }
    case AstKind::Root:
      return Outcome::Ok;
    case AstKind::Let: {
      auto inner = bound_;
      for (std::size_t i = 0; i + 1 < children.size(); ++i) {
        Node value;
        if (!lenient(ast_[children[i]].children[0], current, value)) {
          return Outcome::Failed;
        }
        inner[ast_[children[i]].text] = value;
      }
      std::swap(bound_, inner);
      const bool done = lenient(children.back(), current, out);
      std::swap(bound_, inner);
      return result(done);
    }
    case AstKind::Binding:
      return walk(children[0], current, out);
    case AstKind::Broken:
      return result(fail("Unknown AST node: ASTEmpty"));
  }
  return Outcome::Failed;
}

}  // namespace tally::jmespath
