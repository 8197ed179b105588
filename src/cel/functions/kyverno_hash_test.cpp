#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KyvernoHashTest, InKyverno) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(hash.md5("a"))cel", R"cel("0cc175b9c0f1b6a831c399e269772661")cel"},
      {R"cel(sha1("a"))cel", R"cel("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")cel"},
      {R"cel(hash.sha256(""))cel",
       R"cel("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")cel"},
  });
  expect_values("kyverno", kCases);
}

}  // namespace
}  // namespace tally::cel
