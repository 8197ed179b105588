#include "admission/webhook_configuration.hpp"

#include <gtest/gtest.h>

#include "admission/testing/desk.hpp"

namespace tally::admission {
namespace {

using testing::Desk;

const std::vector<ServedResource>& served() {
  static const std::vector<ServedResource> kServed{
      {.group = "", .version = "v1", .plural = "pods", .kind = "Pod", .is_namespaced = true},
      {.group = "", .version = "v1", .plural = "configmaps", .kind = "ConfigMap"},
      {.group = "", .version = "v1", .plural = "events", .kind = "Event"},
      {.group = "",
       .version = "v1",
       .plural = "namespaces",
       .kind = "Namespace",
       .is_namespaced = false},
      {.group = "apps", .version = "v1", .plural = "deployments", .kind = "Deployment"},
      {.group = "coordination.k8s.io", .version = "v1", .plural = "leases", .kind = "Lease"},
      {.group = "shop.example", .version = "v1", .plural = "carts", .kind = "Cart"}};
  return kServed;
}

WebhookConfigurations configurations(std::string_view policies, std::string_view config = "") {
  const Desk desk({.policies = policies, .cluster = {}, .config = config});
  for (const PolicyStatus& status : desk.statuses) {
    EXPECT_TRUE(status.is_loaded) << status.why;
  }
  return webhook_configurations(*desk.programs, served(),
                                {.ca_bundle = "PEM",
                                 .exempt_namespaces = {"kube-system", "tally-system"},
                                 .own_user = "system:serviceaccount:tally-system:tally"});
}

std::string classic(std::string_view name, std::string_view kinds, std::string_view rest) {
  return "---\napiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: " +
         std::string(name) +
         "}\nspec:\n  validationFailureAction: Enforce\n  rules:\n    - name: r\n"
         "      match: {any: [{resources: {kinds: [" +
         std::string(kinds) + "]}}]}\n      " + std::string(rest) + "\n";
}
constexpr std::string_view kPattern =
    R"(validate: {message: m, pattern: {metadata: {labels: {a: "?*"}}}})";

TEST(WebhookConfiguration, NothingEnforcedNeverWaits) {
  const auto made = configurations("");
  EXPECT_TRUE(made.mutating.empty());
  EXPECT_TRUE(made.validating.contains("ignore.validate.tallystick.dev"));
  EXPECT_FALSE(made.validating.contains("fail.validate.tallystick.dev"));
  EXPECT_TRUE(made.validating.contains(R"("values":["kube-system","tally-system"])"));
  EXPECT_TRUE(made.validating.contains("not-tally-itself"));
}

TEST(WebhookConfiguration, RulesFollowThePolicies) {
  struct Row {
    std::string_view name;
    std::string policies;
    std::string_view config;
    std::vector<std::string_view> present;
    std::vector<std::string_view> absent;
  };
  const Row kRows[] = {
      {"an enforced tier waits for pods, not for templates",
       "",
       "enforcement: {mode: enforce}",
       {R"("failurePolicy":"Fail")",
        R"("apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["pods","pods/ephemeralcontainers"])"},
       {}},
      {"doubt allows: nobody waits",
       "",
       "enforcement: {mode: enforce, onDoubt: allow}",
       {R"("failurePolicy":"Ignore")"},
       {R"("failurePolicy":"Fail")"}},
      {"a kind",
       classic("a", "ConfigMap", kPattern),
       "",
       {R"("resources":["configmaps"])", R"("operations":["CREATE","UPDATE","DELETE","CONNECT"])"},
       {"carts"}},
      {"a kind of a definition",
       classic("a", "shop.example/v1/Cart", kPattern),
       "",
       {R"("resources":["carts"])"},
       {"configmaps"}},
      {"every kind, without what keeps the cluster alive",
       classic("a", "\"*\"", kPattern),
       "",
       {"carts", "configmaps", "namespaces"},
       {"leases", "\"events\""}},
      {"a kind that is named is asked whatever it is",
       classic("a", "Lease", kPattern),
       "",
       {"leases"},
       {}},
      {"a subresource", classic("a", "Pod/exec", kPattern), "", {"pods/exec"}, {}},
      {"a policy whose failures pass",
       classic("a", "ConfigMap", kPattern)
           .replace(classic("a", "ConfigMap", kPattern).find("validationFailureAction"), 0,
                    "failurePolicy: Ignore\n  "),
       "",
       {R"("resources":["configmaps"])"},
       {R"("failurePolicy":"Fail")"}},
      {"time",
       classic("a", "ConfigMap", kPattern)
           .replace(classic("a", "ConfigMap", kPattern).find("validationFailureAction"), 0,
                    "webhookTimeoutSeconds: 7\n  "),
       "",
       {R"("timeoutSeconds":7)"},
       {}},
  };
  for (const Row& row : kRows) {
    const auto made = configurations(row.policies, row.config);
    for (const std::string_view part : row.present) {
      EXPECT_TRUE(made.validating.contains(part)) << row.name << ": " << part << "\n"
                                                  << made.validating;
    }
    for (const std::string_view part : row.absent) {
      EXPECT_FALSE(made.validating.contains(part)) << row.name << ": " << part << "\n"
                                                   << made.validating;
    }
  }
}

TEST(WebhookConfiguration, MutatingPoliciesHaveTheirOwn) {
  const auto made = configurations(
      classic("a", "ConfigMap", "mutate: {patchStrategicMerge: {metadata: {labels: {+(a): b}}}}"));
  EXPECT_TRUE(made.mutating.contains(R"("resources":["configmaps"])")) << made.mutating;
  EXPECT_TRUE(made.mutating.contains(R"("reinvocationPolicy":"IfNeeded")"));
  EXPECT_FALSE(made.validating.contains("configmaps"));
}

TEST(WebhookConfiguration, IsTheSameForTheSamePolicies) {
  const std::string policies = classic("a", "ConfigMap", kPattern) + classic("b", "Pod", kPattern);
  const std::string turned = classic("b", "Pod", kPattern) + classic("a", "ConfigMap", kPattern);
  EXPECT_EQ(configurations(policies).validating, configurations(turned).validating);
}

}  // namespace
}  // namespace tally::admission
