#pragma once
// For the tests of function families: rows of expressions and what they are, evaluated through
// parser, checker and evaluator.

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/program.hpp"
#include "cel/type.hpp"

namespace tally::cel {

struct ExpressionCase {
  std::string_view expression;
  std::string_view expected;  // a CEL literal, or "!" and the message of the error
  std::int64_t cost = -1;     // as Kubernetes counts; -1: not looked at
};

// Of what to_literal() prints, or of the error; "!compile ..." when the expression is refused.
inline void expect_values(std::string_view profile, std::span<const ExpressionCase> cases,
                          const Host* host = nullptr,
                          std::span<const std::pair<std::string_view, Value>> variables = {},
                          std::span<const std::string_view> variable_types = {}) {
  TypePool pool;
  Environment::Options options;
  options.profile = *parse_profile(profile);
  std::vector<Value> values;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    options.variables.push_back(
        {.name = std::string(variables[i].first), .type = pool.opaque(variable_types[i])});
    values.push_back(variables[i].second);
  }
  const auto environment = Environment::create(pool, std::move(options));
  ASSERT_TRUE(environment) << environment.error().message;
  Evaluator evaluator;
  for (const ExpressionCase& row : cases) {
    SCOPED_TRACE(row.expression);
    const auto program = compile(row.expression, *environment);
    if (!program) {
      EXPECT_EQ("!compile " + program.error().message, row.expected);
      continue;
    }
    evaluator.reset();
    const Value value = evaluator.evaluate(*program, values, {.host = host});
    EXPECT_EQ(value.is_error() ? "!" + std::string(value.as_error().message)
                               : std::string(to_literal(evaluator.arena(), value)),
              row.expected);
    if (row.cost >= 0) {
      EXPECT_EQ(evaluator.cost(), static_cast<std::uint64_t>(row.cost));
    }
  }
}

}  // namespace tally::cel
