#include "admission/policy_catalogue.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "admission/testing/desk.hpp"

namespace tally::admission {
namespace {

using testing::config_of;
using testing::kNow;
using testing::texts_of;

std::string policy(std::string_view expression) {
  return R"(
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few-replicas}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  validations: [{expression: ")" +
         std::string(expression) + "\"}]\n";
}

const PolicyStatus& status_of(const PolicyCatalogue::Change& change, std::string_view name) {
  const auto found = std::ranges::find(change.statuses, name, &PolicyStatus::name);
  EXPECT_NE(found, change.statuses.end()) << name;
  return *found;
}

TEST(PolicyCatalogue, ABrokenPolicyNeverDisplacesAWorkingOne) {
  PolicyCatalogue catalogue;
  const auto config = config_of("");
  const auto first = catalogue.replace(texts_of(policy("object.spec.replicas < 5")), config, kNow);
  EXPECT_TRUE(status_of(first, "few-replicas").is_loaded);

  const auto broken = catalogue.replace(texts_of(policy("object.spec.replicas <")), config, kNow);
  EXPECT_EQ(broken.kept, 1U);
  EXPECT_TRUE(status_of(broken, "few-replicas").is_loaded);
  EXPECT_TRUE(status_of(broken, "few-replicas").why.contains("/spec/validations/0/expression"));
  EXPECT_EQ(broken.programs->digest(), first.programs->digest());

  // Broken again: what is in force is still the last good one.
  const auto again = catalogue.replace(texts_of(policy("nonsense(")), config, kNow);
  EXPECT_EQ(again.programs->digest(), first.programs->digest());

  // Mended.
  const auto mended = catalogue.replace(texts_of(policy("object.spec.replicas < 6")), config, kNow);
  EXPECT_EQ(mended.kept, 0U);
  EXPECT_NE(mended.programs->digest(), first.programs->digest());

  // Taken away: a policy that nobody wants does not stay.
  const auto none = catalogue.replace({}, config, kNow);
  EXPECT_TRUE(none.programs->statuses().empty());
  const auto back = catalogue.replace(texts_of(policy("object.spec.replicas <")), config, kNow);
  EXPECT_FALSE(status_of(back, "few-replicas").is_loaded);
}

TEST(PolicyCatalogue, WhatWasInForceComesBackFromDisk) {
  const auto config = config_of("");
  PolicyCatalogue before;
  const auto first = before.replace(texts_of(policy("object.spec.replicas < 5")), config, kNow);
  const auto kept = read_texts(to_json(first.programs->texts()));
  ASSERT_TRUE(kept) << kept.error().to_string();
  EXPECT_EQ(*kept, first.programs->texts());
  PolicyCatalogue after;
  after.remember(*kept);
  const auto change = after.replace(texts_of(policy("broken(")), config, kNow);
  EXPECT_EQ(change.programs->digest(), first.programs->digest());
}

TEST(PolicyCatalogue, WhatIsNoListOfPoliciesIsRefused) {
  for (const std::string_view text :
       {"", "{", "[]", "{}", R"({"kind":"LastGoodPolicies"})",
        R"({"kind":"LastGoodPolicies","items":[{}]})",
        R"({"kind":"LastGoodPolicies","items":[{"origin":"file","place":"p","identity":"i"}]})",
        R"({"kind":"Other","items":[]})"}) {
    EXPECT_FALSE(read_texts(text)) << text;
  }
  EXPECT_TRUE(read_texts(R"({"kind":"LastGoodPolicies","items":[]})"));
}

TEST(PolicyCatalogue, AFileStandsBeforeTheCluster) {
  constexpr std::string_view kPolicy = R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: a, annotations: {from: FROM}}
spec: {rules: [{name: r, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {message: m, pattern: {metadata: {labels: {a: "?*"}}}}}]}
)";
  const auto from = [&](std::string_view where, PolicyText::Origin origin) {
    std::string text(kPolicy);
    text.replace(text.find("FROM"), 4, where);
    return texts_of(text, origin).front();
  };
  PolicyCatalogue catalogue;
  const auto change = catalogue.replace(
      {from("cluster", PolicyText::Origin::Cluster), from("file", PolicyText::Origin::File)},
      config_of(""), kNow);
  ASSERT_EQ(change.programs->texts().size(), 1U);
  EXPECT_TRUE(change.programs->texts().front().text.contains(R"("from":"file")"));
}

// The API server evaluates the admission policies of the cluster itself.
TEST(PolicyCatalogue, AdmissionPoliciesOfTheClusterAreTheServers) {
  PolicyCatalogue catalogue;
  const auto change =
      catalogue.replace(texts_of(policy("object.spec.replicas < 5"), PolicyText::Origin::Cluster),
                        config_of(""), kNow);
  EXPECT_TRUE(change.statuses.empty());
  EXPECT_EQ(change.programs->engines().admission, nullptr);
}

}  // namespace
}  // namespace tally::admission
