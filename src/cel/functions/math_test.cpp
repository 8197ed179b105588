#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(MathFunctionsTest, InSpec) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"math.greatest(1,2.5,3u)", "3u"},
      {"math.least([1,2,-3])", "-3"},
      {"math.greatest(1)", "1"},
      {R"cel(math.least(dyn("a")))cel", "!no such overload: math.@min(string)"},
      {"math.greatest(dyn([]))", "!math.@max(list) argument must not be empty"},
      {"math.ceil(1.2)", "2.0"},
      {"math.round(-1.5)", "-2.0"},
      {"math.round(2.5)", "3.0"},
      {"math.trunc(-1.8)", "-1.0"},
      {"math.isInf(1.0/0.0)", "true"},
      {"math.isNaN(0.0/0.0)", "true"},
      {"math.isFinite(1.0/0.0)", "false"},
      {"math.abs(-1)", "1"},
      {"math.abs(-9223372036854775808)", "!integer overflow"},
      {"math.sign(-42)", "-1"},
      {"math.sign(-0.0)", "0.0"},
      {"math.sign(3u)", "1u"},
      {"math.bitAnd(3u,2u)", "2u"},
      {"math.bitOr(1,2)", "3"},
      {"math.bitXor(3,5)", "6"},
      {"math.bitNot(1)", "-2"},
      {"math.bitNot(0u)", "18446744073709551615u"},
      {"math.bitShiftLeft(1,2)", "4"},
      {"math.bitShiftLeft(1,64)", "0"},
      {"math.bitShiftLeft(1,-1)", "!math.bitShiftLeft() negative offset: -1"},
      {"math.bitShiftRight(-1024,3)", "2305843009213693824"},
      {"math.bitShiftRight(1024u,2)", "256u"},
      {"math.sqrt(81)", "9.0"},
      {"math.sqrt(-1)", R"cel(double("NaN"))cel"},
      {"math.sqrt(2u)", "1.4142135623730951"},
  });
  expect_values("spec", kCases);
}

}  // namespace
}  // namespace tally::cel
