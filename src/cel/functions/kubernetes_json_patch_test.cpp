#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KubernetesJsonPatchTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(jsonpatch.escapeKey("k8s.io/my~label"))cel", R"cel("k8s.io~1my~0label")cel", 2},
  });
  expect_values("kubernetes", kCases);
}

}  // namespace
}  // namespace tally::cel
