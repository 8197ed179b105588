#pragma once
// What operators bind, and what they stand for in the tree.

#include "jmespath/internal/ast.hpp"
#include "jmespath/internal/lexer.hpp"

namespace tally::jmespath {

// parser.go, bindingPowers. What is not listed binds nothing.
inline constexpr int kPipePower = 1;
inline constexpr int kOrPower = 2;
inline constexpr int kAndPower = 3;
inline constexpr int kComparisonPower = 5;
inline constexpr int kSumPower = 6;
inline constexpr int kProductPower = 7;
inline constexpr int kFlattenPower = 9;
inline constexpr int kProjectionStop = 10;  // what binds less ends the right side of a projection
inline constexpr int kStarPower = 20;
inline constexpr int kFilterPower = 21;
inline constexpr int kDotPower = 40;
inline constexpr int kNotPower = 45;

[[nodiscard]] inline int power(TokenKind kind) noexcept {
  using enum TokenKind;
  switch (kind) {
    case Pipe:
      return kPipePower;
    case Or:
      return kOrPower;
    case And:
      return kAndPower;
    case Equal:
    case NotEqual:
    case Less:
    case LessEqual:
    case Greater:
    case GreaterEqual:
      return kComparisonPower;
    case Plus:
    case Minus:
      return kSumPower;
    case Multiply:
    case Divide:
    case Modulo:
    case IntegerDivide:
      return kProductPower;
    case Flatten:
      return kFlattenPower;
    case Star:
      return kStarPower;
    case Filter:
      return kFilterPower;
    case Dot:
      return kDotPower;
    case Not:
      return kNotPower;
    case LeftBrace:
      return 50;
    case LeftBracket:
      return 55;
    case LeftParen:
      return 60;
    default:
      return 0;
  }
}

[[nodiscard]] inline Comparison comparison(TokenKind kind) noexcept {
  using enum TokenKind;
  switch (kind) {
    case NotEqual:
      return Comparison::NotEqual;
    case Less:
      return Comparison::Less;
    case LessEqual:
      return Comparison::LessEqual;
    case Greater:
      return Comparison::Greater;
    case GreaterEqual:
      return Comparison::GreaterEqual;
    default:
      return Comparison::Equal;
  }
}

[[nodiscard]] inline Arithmetic arithmetic(TokenKind kind) noexcept {
  using enum TokenKind;
  switch (kind) {
    case Minus:
      return Arithmetic::Subtract;
    case Star:
    case Multiply:
      return Arithmetic::Multiply;
    case Divide:
      return Arithmetic::Divide;
    case Modulo:
      return Arithmetic::Modulo;
    case IntegerDivide:
      return Arithmetic::IntegerDivide;
    default:
      return Arithmetic::Add;
  }
}

}  // namespace tally::jmespath
