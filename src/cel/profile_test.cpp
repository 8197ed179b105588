#include "cel/profile.hpp"

#include <gtest/gtest.h>

namespace tally::cel {
namespace {

TEST(Profile, ParsesAndPrints) {
  for (const std::string_view text : {"spec", "kubernetes", "kubernetes:1.31", "crd:1.23", "crd",
                                      "kyverno", "kyverno:namespaced", "gatekeeper:1.35"}) {
    const auto profile = parse_profile(text);
    ASSERT_TRUE(profile) << text;
    EXPECT_EQ(to_string(*profile), text);
  }
  EXPECT_EQ(to_string(*parse_profile("kubernetes:1.36")), "kubernetes");
}

TEST(Profile, Rejects) {
  for (const std::string_view text :
       {"", "Spec", "openshift", "kubernetes:", "kubernetes:1.22", "kubernetes:1.37",
        "kubernetes:31", "kubernetes:1.31.2", "kubernetes:1.x", "spec:1.30", "kyverno:1.30",
        "kyverno:", "spec:namespaced", "kubernetes:namespaced", "kubernetes:1."}) {
    EXPECT_FALSE(parse_profile(text)) << text;
  }
}

struct Row {
  std::string_view profile;
  Library library;
  int version;
  bool provided;
};

TEST(Profile, ProvidesLibrariesByRelease) {
  const Row rows[] = {
      {"spec", Library::Standard, 0, true},
      {"kubernetes:1.27", Library::Optional, 0, false},
      {"kubernetes:1.28", Library::Optional, 1, true},
      {"kubernetes:1.32", Library::Optional, 2, false},
      {"kubernetes:1.33", Library::Optional, 2, true},
      {"kubernetes:1.28", Library::Strings, 0, true},
      {"kubernetes:1.28", Library::Strings, 1, false},
      {"kubernetes:1.29", Library::Strings, 2, true},
      {"kubernetes", Library::Strings, 3, false},
      {"kubernetes:1.28", Library::Sets, 0, false},
      {"kubernetes:1.29", Library::Sets, 0, true},
      {"kubernetes:1.29", Library::KubernetesIp, 0, false},
      {"crd:1.30", Library::KubernetesCidr, 0, true},
      {"crd:1.30", Library::KubernetesFormat, 0, false},
      {"crd:1.31", Library::KubernetesFormat, 0, true},
      {"kubernetes:1.31", Library::TwoVarComprehensions, 0, false},
      {"kubernetes:1.32", Library::TwoVarComprehensions, 0, true},
      {"kubernetes:1.32", Library::KubernetesSemver, 0, false},
      {"gatekeeper:1.33", Library::KubernetesSemver, 1, true},
      {"kubernetes:1.33", Library::Lists, 0, false},
      {"kubernetes:1.34", Library::Lists, 3, true},
      {"kubernetes", Library::Bindings, 0, false},
      {"kubernetes", Library::Math, 0, false},
      {"kubernetes", Library::KyvernoHttp, 0, false},
      {"kyverno", Library::KyvernoHttp, 0, true},
      {"kyverno", Library::Bindings, 0, true},
      {"kyverno", Library::KyvernoCluster, 0, true},
      {"kyverno", Library::KyvernoNamespaced, 0, false},
      {"kyverno:namespaced", Library::KyvernoCluster, 0, false},
      {"kyverno:namespaced", Library::KyvernoNamespaced, 0, true},
      {"kyverno:namespaced", Library::KyvernoHash, 0, true},
      {"kubernetes", Library::KyvernoNamespaced, 0, false},
      {"kyverno", Library::KubernetesQuantity, 0, true},
      {"kyverno", Library::Strings, 4, false},
      {"kyverno", Library::Block, 0, false},
      {"spec", Library::Block, 0, true},
      {"spec", Library::KubernetesQuantity, 0, false},
      {"spec", Library::Strings, 99, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(
        provides(*parse_profile(row.profile), row.library, static_cast<std::uint8_t>(row.version)),
        row.provided)
        << row.profile << " library " << static_cast<int>(row.library) << " version "
        << row.version;
  }
}

TEST(Profile, SaysWhereALibraryIs) {
  EXPECT_EQ(where_provided(Library::TwoVarComprehensions, 0), "since Kubernetes 1.32");
  EXPECT_EQ(where_provided(Library::Bindings, 0), "only in the profiles spec and kyverno");
  EXPECT_EQ(where_provided(Library::KyvernoHttp, 0), "only in the profile kyverno");
  EXPECT_EQ(where_provided(Library::Block, 0), "only in the profile spec");
  EXPECT_EQ(where_provided(Library::KubernetesRegex, 0),
            "in the profiles of Kubernetes and in kyverno");
  EXPECT_EQ(where_provided(Library::Standard, 0), "in every profile");
  EXPECT_EQ(where_provided(Library::Sets, 200), "in no profile");
}

TEST(Profile, Traits) {
  EXPECT_FALSE(traits_of(*parse_profile("spec")).homogeneous_literals);
  EXPECT_TRUE(traits_of(*parse_profile("kubernetes")).homogeneous_literals);
  EXPECT_FALSE(traits_of(*parse_profile("kubernetes:1.27")).numeric_comparisons_across_types);
  EXPECT_TRUE(traits_of(*parse_profile("kubernetes:1.28")).numeric_comparisons_across_types);
  EXPECT_FALSE(traits_of(*parse_profile("kubernetes:1.28")).literals_validated);
  EXPECT_TRUE(traits_of(*parse_profile("kubernetes:1.29")).literals_validated);
  EXPECT_TRUE(traits_of(*parse_profile("kyverno")).or_value_on_plain);
  EXPECT_FALSE(traits_of(*parse_profile("kubernetes")).or_value_on_plain);
  EXPECT_FALSE(traits_of(*parse_profile("kubernetes")).escaped_identifiers);
}

}  // namespace
}  // namespace tally::cel
