#pragma once
// spec.generate[].template of a GeneratingPolicy: objects in YAML, in which `(( expression ))`
// stands for values if `interpolate` is cel (Kyverno 1.19, pkg/cel/policies/gpol/template). A text
// that is one placeholder becomes the value of the expression, of whatever type; in a longer text
// it must be a scalar. `\((` is a literal `((`; keys hold no placeholders.
//
//   text        = { literal | placeholder | "\((" }
//   placeholder = "((" CEL "))"      with parentheses balanced outside of its string literals
//
// Threads: immutable once compiled; rendering is pure, one arena per thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "cel/value.hpp"
#include "document/node.hpp"
#include "document/source.hpp"
#include "policy_cel/expressions.hpp"

namespace tally::kyverno_cel {

struct Segment {
  std::string_view text;  // a literal, or the text of an expression
  bool is_expression = false;
};
// The error says what is wrong with a placeholder and at which byte of the text it begins.
[[nodiscard]] Result<std::vector<Segment>> split_segments(std::string_view text);

class GenerationTemplate {
 public:
  using Compile = std::function<std::expected<policy_cel::ProgramId, policy_cel::CompileError>(
      std::string_view expression)>;
  using Evaluate = std::function<cel::Value(policy_cel::ProgramId)>;

  [[nodiscard]] static Result<GenerationTemplate> compile(std::string_view yaml, bool interpolates,
                                                          const Compile& compile);

  struct Failure {
    std::string message;
    bool is_unknown = false;
  };
  // One object per document.
  [[nodiscard]] std::expected<std::vector<document::Node>, Failure> render(
      Arena& arena, const Evaluate& evaluate) const;

 private:
  struct Part {
    std::string_view text;
    policy_cel::ProgramId program = policy_cel::kNoProgram;  // kNoProgram: a literal
  };
  struct Renderer;
  // Texts with placeholders, by the place of the text in the source.
  std::vector<std::pair<const void*, std::vector<Part>>> texts_;
  std::vector<document::Node> documents_;
  std::shared_ptr<const document::Source> source_;
  std::shared_ptr<Arena> arena_;
  bool interpolates_ = false;
};

}  // namespace tally::kyverno_cel
