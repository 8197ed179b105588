#include "scalar/semver.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tally::scalar {
namespace {

TEST(SemverTest, OrdersVersions) {
  // Ascending; every one is less than all behind it.
  constexpr auto kVersions = std::to_array<std::string_view>(
      {"0.0.1", "0.9.0", "1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1",
       "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
       "1.0.1", "1.10.0", "2.0.0", "18446744073709551615.0.0"});
  for (std::size_t i = 0; i < kVersions.size(); ++i) {
    for (std::size_t j = 0; j < kVersions.size(); ++j) {
      const auto a = Semver::parse(kVersions[i]);
      const auto b = Semver::parse(kVersions[j]);
      ASSERT_TRUE(a && b) << kVersions[i] << " " << kVersions[j];
      EXPECT_EQ(a->compare(*b), i < j ? -1 : i > j ? 1 : 0) << kVersions[i] << " " << kVersions[j];
    }
  }
  EXPECT_EQ(Semver::parse("1.0.0+a")->compare(*Semver::parse("1.0.0+b")), 0);
}

TEST(SemverTest, Refuses) {
  for (const std::string_view text :
       {"", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.02.3", "1.2.03", "-1.2.3", "1.2.3-",
        "1.2.3-01", "1.2.3-a..b", "1.2.3-a_b", "1.2.3+", "1.2.3+a+b", "1.2.x",
        "18446744073709551616.0.0", " 1.2.3"}) {
    EXPECT_FALSE(Semver::parse(text)) << text;
  }
}

TEST(SemverTest, Normalizes) {
  struct Case {
    std::string_view text;
    std::string_view normalized;  // empty: refused
  };
  constexpr auto kCases = std::to_array<Case>({
      {"v1", "1.0.0"},
      {"1.2", "1.2.0"},
      {"v01.002.0003", "1.2.3"},
      {"1.2.00-rc", "1.2.0-rc"},
      {"000", "0.0.0"},
      {"1.2.3-01", "1.2.3-01"},
      {"v1-rc", ""},
      {"1.2+b", ""},
  });
  for (const Case& row : kCases) {
    const auto normalized = normalize_semver(row.text);
    EXPECT_EQ(normalized.value_or(""), row.normalized) << row.text;
  }
}

}  // namespace
}  // namespace tally::scalar
