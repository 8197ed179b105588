#include "jmespath/expression.hpp"

#include "jmespath/internal/evaluator.hpp"
#include "jmespath/internal/parser.hpp"

namespace tally::jmespath {

std::expected<Expression, SyntaxError> Expression::compile(std::string_view text, Dialect dialect,
                                                           const Limits& limits) {
  auto ast = parse(text, dialect, limits);
  if (!ast) {
    return std::unexpected(std::move(ast).error());
  }
  const auto program = std::make_shared<Program>();
  program->text = text;
  program->dialect = dialect;
  program->limits = limits;
  jmespath::compile(std::move(*ast), *program);
  return Expression(program);
}

std::expected<document::Node, EvaluationError> Expression::search(
    const document::Node& input, Arena& arena, const Host* host, const Variables* variables) const {
  return Evaluator(*program_, arena, host, variables).run(input);
}

std::span<const std::string> Expression::root_fields() const noexcept {
  return program_->root_fields;
}

bool Expression::reads_everything() const noexcept { return program_->reads_everything; }

std::string_view Expression::text() const noexcept { return program_->text; }

}  // namespace tally::jmespath
