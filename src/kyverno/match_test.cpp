#include "kyverno/internal/match.hpp"

#include <gtest/gtest.h>

#include "kyverno/testing/bench.hpp"

namespace tally::kyverno::internal {
namespace {

// pkg/utils/kube/kind.go, ParseKindSelector
TEST(KindSelector, Forms) {
  struct Row {
    std::string_view text;
    std::string_view parts;  // group|version|kind|subresource
  };
  for (const Row& row :
       std::initializer_list<Row>{{"Pod", "*|*|Pod|"},
                                  {"*", "*|*|*|"},
                                  {"*/*", "*|*|*|*"},
                                  {"v1/Pod", "*|v1|Pod|"},
                                  {"*/Pod", "*|*|Pod|"},
                                  {"*/pod", "*|*|*|pod"},
                                  {"Pod/exec", "*|*|Pod|exec"},
                                  {"Pod.exec", "*|*|Pod|exec"},
                                  {"apps/v1/Deployment", "apps|v1|Deployment|"},
                                  {"*/v1beta1/CronJob", "*|*|v1beta1|CronJob"},
                                  {"v1/Pod/log", "*|v1|Pod|log"},
                                  {"v1/Pod.log", "*|v1|Pod|log"},
                                  {"apps/v1/Deployment/scale", "apps|v1|Deployment|scale"},
                                  {"apps/v1/Deployment.scale", "apps|v1|Deployment|scale"},
                                  {"", "*|*||"},
                                  {"a/b/c/d/e", "|||"}}) {
    const KindSelector found = KindSelector::parse(row.text);
    EXPECT_EQ(std::string(found.group) + "|" + std::string(found.version) + "|" +
                  std::string(found.kind) + "|" + std::string(found.subresource),
              row.parts)
        << row.text;
  }
}

class MatchTest : public ::testing::Test {
 protected:
  Subject subject() {
    return {.object = bench_.node("{apiVersion: v1, kind: Pod, metadata: {name: till-1, namespace: "
                                  "bank, labels: {app: till, tier: a}, annotations: {zone: "
                                  "north}}}"),
            .kind = {"", "v1", "Pod"},
            .subresource = "",
            .operation = "CREATE",
            .namespace_labels = bench_.node("{env: prod}"),
            .username = "system:serviceaccount:bank:robot",
            .groups = bench_.node("[staff, admins]"),
            .roles = roles_,
            .cluster_roles = cluster_roles_};
  }
  bool matches(std::string_view block) {
    return MatchBlock::read(bench_.node(block)).matches(subject());
  }
  bool excludes(std::string_view block) {
    return MatchBlock::read(bench_.node(block)).excludes(subject());
  }
  testing::Bench bench_;
  std::vector<std::string_view> roles_{"bank:cashier"};
  std::vector<std::string_view> cluster_roles_{"view"};
};

TEST_F(MatchTest, Fields) {
  struct Row {
    std::string_view resources;
    bool is_match;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"kinds: [Pod]", true},
           {"kinds: [Secret, Pod]", true},
           {"kinds: ['P*']", true},
           {"kinds: [Secret]", false},
           {"kinds: [Pod/exec]", false},
           {"kinds: [apps/v1/Pod]", false},
           {"name: 'till-*'", true},
           {"name: till", false},
           {"names: [a, 'till-?']", true},
           {"names: [a, b]", false},
           {"namespaces: [a, 'b*']", true},
           {"namespaces: [a]", false},
           {"operations: [CREATE, DELETE]", true},
           {"operations: [DELETE]", false},
           {"annotations: {zone: 'n*'}", true},
           {"annotations: {'z*': north}", true},
           {"annotations: {zone: south}", false},
           {"annotations: {zone: north, other: x}", false},
           {"selector: {matchLabels: {app: till}}", true},
           {"selector: {matchLabels: {app: 't*', 't?er': a}}", true},
           {"selector: {matchLabels: {app: other}}", false},
           {"selector: {matchExpressions: [{key: app, operator: In, values: [till, x]}]}", true},
           {"selector: {matchExpressions: [{key: app, operator: NotIn, values: [till]}]}", false},
           {"selector: {matchExpressions: [{key: app, operator: Exists}]}", true},
           {"selector: {matchExpressions: [{key: app, operator: Near, values: [till]}]}", false},
           {"namespaceSelector: {matchLabels: {env: prod}}", true},
           {"namespaceSelector: {matchLabels: {env: test}}", false},
           {"kinds: [Pod], namespaces: [bank], name: till-1", true},
           {"kinds: [Pod], namespaces: [bank], name: other", false},
           {"kinds: [Pod], namespaces: [other], name: till-1", false},
           {"", false},
       }) {
    const std::string filter = "{resources: {" + std::string(row.resources) + "}}";
    EXPECT_EQ(matches(filter), row.is_match) << filter;
    EXPECT_EQ(matches("{any: [" + filter + "]}"), row.is_match) << filter;
    EXPECT_EQ(matches("{all: [" + filter + "]}"), row.is_match) << filter;
    EXPECT_EQ(excludes("{any: [" + filter + "]}"), row.is_match) << filter;
    EXPECT_EQ(excludes("{all: [" + filter + "]}"), row.is_match) << filter;
  }
}

TEST_F(MatchTest, AnyAndAll) {
  const std::string yes = "{resources: {kinds: [Pod]}}";
  const std::string no = "{resources: {kinds: [Secret]}}";
  EXPECT_TRUE(matches("{any: [" + no + "," + yes + "]}"));
  EXPECT_FALSE(matches("{any: [" + no + "," + no + "]}"));
  EXPECT_FALSE(matches("{all: [" + no + "," + yes + "]}"));
  EXPECT_TRUE(matches("{all: [" + yes + "," + yes + "]}"));
  EXPECT_FALSE(matches("{}"));
  EXPECT_FALSE(matches("{any: []}"));
  EXPECT_FALSE(excludes("{}"));
  EXPECT_FALSE(excludes("{any: []}"));
  EXPECT_FALSE(excludes("{any: [{}]}"));
  EXPECT_FALSE(excludes("{all: [" + yes + ",{}]}"));
  EXPECT_TRUE(excludes("{any: [{}," + yes + "]}"));
}

TEST_F(MatchTest, Users) {
  struct Row {
    std::string_view filter;
    bool is_match;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"subjects: [{kind: User, name: 'system:*'}]", true},
           {"subjects: [{kind: User, name: ann}]", false},
           {"subjects: [{kind: Group, name: admins}]", true},
           {"subjects: [{kind: Group, name: others}]", false},
           {"subjects: [{kind: ServiceAccount, name: robot, namespace: bank}]", true},
           {"subjects: [{kind: ServiceAccount, name: 'r*', namespace: '*'}]", true},
           {"subjects: [{kind: ServiceAccount, name: robot, namespace: other}]", false},
           {"subjects: [{kind: Robot, name: robot}]", false},
           {"roles: [x, 'bank:cashier']", true},
           {"roles: [x]", false},
           {"clusterRoles: [view]", true},
           {"clusterRoles: [edit]", false},
           {"clusterRoles: [view], roles: [x]", false},
           {"clusterRoles: [view], subjects: [{kind: Group, name: staff}]", true},
       }) {
    const std::string filter = "{resources: {kinds: [Pod]}, " + std::string(row.filter) + "}";
    EXPECT_EQ(matches(filter), row.is_match) << filter;
    EXPECT_EQ(excludes(filter), row.is_match) << filter;
    // Nobody asked: a match ignores the user, an exclusion does not hold.
    Subject nobody = subject();
    nobody.username = {};
    nobody.groups = {};
    nobody.roles = {};
    nobody.cluster_roles = {};
    EXPECT_TRUE(MatchBlock::read(bench_.node(filter)).matches(nobody)) << filter;
    EXPECT_FALSE(MatchBlock::read(bench_.node(filter)).excludes(nobody)) << filter;
    EXPECT_FALSE(
        MatchBlock::read(bench_.node("{" + std::string(row.filter) + "}")).matches(nobody));
  }
}

TEST_F(MatchTest, NamespacesMatchByTheirOwnName) {
  Subject of = subject();
  of.object = bench_.node("{apiVersion: v1, kind: Namespace, metadata: {name: bank}}");
  of.kind = {"", "v1", "Namespace"};
  EXPECT_TRUE(MatchBlock::read(bench_.node("{resources: {namespaces: [bank]}}")).matches(of));
  EXPECT_FALSE(MatchBlock::read(bench_.node("{resources: {namespaces: [other]}}")).matches(of));
  EXPECT_FALSE(
      MatchBlock::read(bench_.node("{resources: {namespaceSelector: {matchLabels: {env: prod}}}}"))
          .matches(of));
}

TEST_F(MatchTest, EphemeralContainersArePods) {
  Subject of = subject();
  of.subresource = "ephemeralcontainers";
  EXPECT_TRUE(MatchBlock::read(bench_.node("{resources: {kinds: [Pod]}}")).matches(of));
  EXPECT_TRUE(
      MatchBlock::read(bench_.node("{resources: {kinds: [Pod/ephemeralcontainers]}}")).matches(of));
  // Upstream looks at the kind only, whatever subresource the policy names (match/kind.go).
  EXPECT_TRUE(MatchBlock::read(bench_.node("{resources: {kinds: [Pod/exec]}}")).matches(of));
  EXPECT_FALSE(MatchBlock::read(bench_.node("{resources: {kinds: [Secret]}}")).matches(of));
  of.subresource = "exec";
  EXPECT_FALSE(MatchBlock::read(bench_.node("{resources: {kinds: [Pod]}}")).matches(of));
}

}  // namespace
}  // namespace tally::kyverno::internal
