#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KubernetesQuantityTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(quantity("1.5Gi").asApproximateFloat())cel", "1610612736.0", 2},
      {R"cel(quantity("100m").asApproximateFloat())cel", "0.1", 2},
      {R"cel(quantity("9999999999999999999999999999999999999G").asInteger())cel",
       "!cannot convert value to integer"},
      {R"cel(quantity("50k").isInteger())cel", "true", 2},
      {R"cel(quantity("50k").asInteger())cel", "50000", 2},
      {R"cel(quantity("1,3G"))cel",
       "!quantities must match the regular expression "
       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
      {R"cel(quantity("200K"))cel", "!unable to parse quantity's suffix"},
      {R"cel(quantity(""))cel",
       "!quantities must match the regular expression "
       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
      {R"cel(isQuantity("1e3"))cel", "true", 1},
      {R"cel(quantity("50k").add(quantity("20k")) == quantity("70k"))cel", "true", 5},
      {R"cel(quantity("50k").add(20).sub(quantity("100k")).sub(-50000) == quantity("20"))cel",
       "true", 7},
      {R"cel(sign(quantity("-1")))cel", "-1", 2},
      {R"cel(quantity("200M").compareTo(quantity("0.2G")))cel", "0", 3},
      {R"cel(quantity("150Mi").isGreaterThan(quantity("100Mi")))cel", "true", 3},
      {R"cel(quantity("50M").isLessThan(quantity("50Mi")))cel", "true", 3},
      {R"cel(type(quantity("1")))cel", "kubernetes.Quantity", 2},
      {R"cel(quantity("0.1").sub(quantity("0.3")).asApproximateFloat())cel", "-0.2", 4},
  });
  expect_values("kubernetes", kCases);
}

}  // namespace
}  // namespace tally::cel
