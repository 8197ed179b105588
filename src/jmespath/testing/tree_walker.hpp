#pragma once
// A second way to evaluate, for tests and the fuzz target: a plain recursive reading of the tree,
// as the specification words it. It shares the parser and the functions with the program, and
// nothing in between.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "jmespath/internal/ast.hpp"
#include "jmespath/internal/call.hpp"

namespace tally::jmespath {

class TreeWalker final : public Call {
 public:
  TreeWalker(const Ast& ast, Dialect dialect, const Limits& limits, Arena& arena, const Host* host)
      : Call(dialect, limits, arena, host), ast_(ast) {}

  // "V " and the value as JSON, "N " and the missing key, "E " and the error.
  [[nodiscard]] std::string run(const Node& input);
  Outcome evaluate(const Node& reference, const Node& value, Node& out) override;

 private:
  Outcome walk(std::uint32_t index, const Node& current, Node& out);
  // What a missing field is to almost everybody.
  bool lenient(std::uint32_t index, const Node& current, Node& out);
  Outcome project(std::uint32_t index, std::span<const Node> elements, const std::uint32_t* filter,
                  Node& out);
  Outcome walk_node(const AstNode& node, const Node& current, Node& out);

  Outcome walk_text_slice(const AstNode& node, std::string_view text, Node& out);

  const Ast& ast_;
  std::map<std::string, Node> bound_;  // by `let`
  std::string missing_;
  unsigned depth_ = 0;
};

}  // namespace tally::jmespath
