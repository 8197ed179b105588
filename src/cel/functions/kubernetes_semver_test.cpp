#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KubernetesSemverTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(semver("1.2.3").major())cel", "1", 2},
      {R"cel(semver("1.2"))cel", "!No Major.Minor.Patch elements found"},
      {R"cel(semver("v1.2.3"))cel", R"cel(!Invalid character(s) found in major number "v1")cel"},
      {R"cel(semver("01.2.3"))cel", R"cel(!Major number must not contain leading zeroes "01")cel"},
      {R"cel(semver("1.2.3-01"))cel",
       R"cel(!Numeric PreRelease version must not contain leading zeroes "01")cel"},
      {R"cel(semver("1.2.3-"))cel", "!Prerelease is empty"},
      {R"cel(semver("1.2.3+"))cel", "!Build meta data is empty"},
      {R"cel(semver("1.2.3-a_b"))cel", R"cel(!Invalid character(s) found in prerelease "a_b")cel"},
      {R"cel(semver("99999999999999999999.0.0"))cel",
       R"cel(!strconv.ParseUint: parsing "99999999999999999999": value out of range)cel"},
      {R"cel(semver("1..3"))cel", R"cel(!strconv.ParseUint: parsing "": invalid syntax)cel"},
      {R"cel(semver(""))cel", "!Version string empty"},
      {R"cel(semver("v01.2", true).minor())cel", "2", 2},
      {R"cel(semver("v1.2-rc", true))cel",
       "!short version cannot contain PreRelease/Build meta data"},
      {R"cel(semver("1.0.0-alpha.1").isLessThan(semver("1.0.0-alpha.beta")))cel", "true", 5},
      {R"cel(semver("1.0.0-alpha.2").compareTo(semver("1.0.0-alpha.10")))cel", "-1", 5},
      {R"cel(semver("1.0.0").compareTo(semver("1.0.0-rc")))cel", "1", 3},
      {R"cel(semver("1.2.3+b") == semver("1.2.3"))cel", "true", 3},
      {R"cel(isSemver("v1.0", true))cel", "true", 1},
      {R"cel(isSemver("v1.0"))cel", "false", 1},
      {R"cel(semver("v1", true).patch())cel", "0", 2},
      {R"cel(semver("1.2.003", true).patch())cel", "3", 2},
  });
  expect_values("kubernetes", kCases);
}

}  // namespace
}  // namespace tally::cel
