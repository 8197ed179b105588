// What a namespaced policy may ask of the world: its own namespace (CVE-2026-22039, CVE-2026-41068
// and the advisories of Kyverno that research/policy.md lists). Upstream:
// pkg/engine/apicall/apiCall.go, pkg/engine/context/loaders, handlers/mutation/load_targets.go.
#include <gtest/gtest.h>

#include "kyverno/testing/bench.hpp"

namespace tally::kyverno {
namespace {

using testing::Bench;
using testing::FakeWorld;

constexpr std::string_view kObject =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: keys, namespace: own}}";

class LeastPrivilege : public ::testing::Test {
 protected:
  // The verdict of a rule that reads one entry of its context.
  std::string ask(std::string_view entry, std::string_view kind = "Policy") {
    Bench bench;
    const std::string scope = kind == "Policy" ? ", namespace: own" : "";
    EXPECT_TRUE(bench.load("{apiVersion: kyverno.io/v1, kind: " + std::string(kind) +
                           ", metadata: {name: p" + scope +
                           "}, spec: {rules: [{name: r, match: {any: [{resources: {kinds: "
                           "[ConfigMap]}}]}, context: [{name: x, " +
                           std::string(entry) +
                           "}], validate: {deny: {conditions: {any: [{key: '{{ x.a }}', operator: "
                           "Equals, value: b}]}}}}]}}"))
        << entry;
    world_.answer = bench.node("{a: b}");
    world_.asked.clear();
    bench.request.world = &world_;
    std::string out = bench.verdicts(kObject);
    message_ = bench.message;
    return out;
  }
  FakeWorld world_;
  std::string message_;
};

TEST_F(LeastPrivilege, ApiCallsOfTheOwnNamespace) {
  for (const std::string_view path : {
           "/api/v1/namespaces/own/pods",
           "/api/v1/namespaces/own",
           "/api/v1/namespaces/own/",
           "/api/v1/namespaces/own/configmaps/keys",
           "/apis/apps/v1/namespaces/own/deployments",
           "/apis/apps/v1/namespaces/own/deployments/a/scale",
           "/api/v1/namespaces/own/pods?limit=5&labelSelector=a%3Db",
           "/api/v1/namespaces/own/pods?fieldSelector=metadata.namespace=other",
       }) {
    EXPECT_EQ(ask("apiCall: {urlPath: '" + std::string(path) + "'}"), "r=fail") << message_;
    ASSERT_EQ(world_.asked.size(), 1U) << path;
    EXPECT_EQ(world_.asked[0], "api_call GET " + std::string(path));
  }
}

TEST_F(LeastPrivilege, NoOtherApiCalls) {
  for (const std::string_view path : {
           "",
           "/",
           "api/v1/namespaces/own/pods",
           "/api/v1/pods",
           "/api/v1/namespaces",
           "/api/v1/nodes/own",
           "/api/v1/namespaces/other/pods",
           "/api/v1/namespaces/other/configmaps?x=/namespaces/own/",
           "/api/v1/pods?x=/api/v1/namespaces/own/pods",
           "/api/v1/secrets#/namespaces/own/",
           "/api/v1/namespaces/other/configmaps/namespaces/own/x",
           "/api/v1/namespaces/own/../other/secrets",
           "/api/v1/namespaces/own/..",
           "/api/v1/namespaces/own/./pods",
           "/api/v1/namespaces/own/%2e%2e/other/secrets",
           "/api/v1/namespaces/%6fwn/pods",
           "/api/v1/namespaces/own%2f..%2fother/pods",
           "/api/v1//namespaces/own/pods",
           "//api/v1/namespaces/own/pods",
           "/api/v1/namespaces//own/pods",
           "/api/v1/namespaces/own//pods",
           "/api/v1/namespaces/ownother/pods",
           "/api/v1/namespaces/OWN/pods",
           "/api/v1/watch/namespaces/own/pods",
           "/apis/apps/namespaces/own/deployments",
           "/apis/a/b/c/namespaces/own/deployments",
           "/apis/namespaces/own/x",
           "/healthz/namespaces/own/x",
           "/proxy/v1/namespaces/own/x",
           "/api/v1/namespaces/own\\..\\other/secrets",
           "/api/v1/namespaces/own;a=b/secrets",
           "/api/v1/namespaces/own /secrets",
           "https://elsewhere/api/v1/namespaces/own/pods",
       }) {
    EXPECT_EQ(ask("apiCall: {urlPath: '" + std::string(path) + "'}"), "r=error") << path;
    EXPECT_TRUE(world_.asked.empty()) << path;
    EXPECT_NE(message_.find("does not lie in namespace own"), std::string::npos) << message_;
  }
  // A default is for calls that fail, not for those that are refused.
  EXPECT_EQ(ask("apiCall: {urlPath: /api/v1/pods, default: {a: b}}"), "r=error");
  // Nor do variables help.
  EXPECT_EQ(ask("apiCall: {urlPath: '/api/v1/namespaces/own/{{ ''../other'' }}/pods'}"), "r=error");
  EXPECT_TRUE(world_.asked.empty());
}

TEST_F(LeastPrivilege, ClusterPoliciesReadEverything) {
  EXPECT_EQ(ask("apiCall: {urlPath: /api/v1/pods}", "ClusterPolicy"), "r=fail");
  EXPECT_EQ(ask("apiCall: {service: {url: 'https://a.example'}, method: POST, data: [{key: a, "
                "value: b}]}",
                "ClusterPolicy"),
            "r=fail");
  EXPECT_EQ(world_.asked.at(0), "api_call POST https://a.example");
  EXPECT_EQ(ask("configMap: {name: c, namespace: other}", "ClusterPolicy"), "r=fail");
  EXPECT_EQ(ask("globalReference: {name: g}", "ClusterPolicy"), "r=fail");
  EXPECT_EQ(ask("apiCall: {urlPath: /api/v1/pods, method: DELETE}", "ClusterPolicy"), "r=error");
  EXPECT_EQ(ask("configMap: {name: ../../secrets/c, namespace: other}", "ClusterPolicy"),
            "r=error");
}

TEST_F(LeastPrivilege, NoServices) {
  for (const std::string_view call : {
           "apiCall: {service: {url: 'https://a.example'}}",
           "apiCall: {service: {url: 'https://a.example'}, urlPath: /api/v1/namespaces/own/pods}",
           "apiCall: {service: {}, urlPath: /api/v1/namespaces/own/pods}",
       }) {
    EXPECT_EQ(ask(call), "r=error") << call;
    EXPECT_TRUE(world_.asked.empty());
  }
}

TEST_F(LeastPrivilege, ConfigMaps) {
  EXPECT_EQ(ask("configMap: {name: c}"), "r=fail");
  EXPECT_EQ(world_.asked.at(0), "config_map own/c");
  EXPECT_EQ(ask("configMap: {name: c, namespace: own}"), "r=fail");
  EXPECT_EQ(ask("configMap: {name: c, namespace: '{{ request.object.metadata.namespace }}'}"),
            "r=fail");
  for (const std::string_view of :
       {"{name: c, namespace: other}", "{name: c, namespace: default}",
        "{name: c, namespace: '{{ ''other'' }}'}", "{name: ../../other/configmaps/c}",
        "{name: 'c?x=y'}", "{name: 'c%2f'}", "{name: c, namespace: [own]}"}) {
    EXPECT_EQ(ask("configMap: " + std::string(of)), "r=error") << of;
    EXPECT_TRUE(world_.asked.empty()) << of;
  }
}

TEST_F(LeastPrivilege, NoGlobalContext) {
  EXPECT_EQ(ask("globalReference: {name: g}"), "r=error");
  EXPECT_NE(message_.find("not allowed in namespaced policies"), std::string::npos) << message_;
  EXPECT_TRUE(world_.asked.empty());
}

TEST_F(LeastPrivilege, WhatTheWorldGivesIsLimited) {
  Bench bench;
  std::string text(1'500'000, 'x');
  text = "{a: " + text + "}";
  const auto judge = [&](std::string_view entries) {
    Bench run;
    EXPECT_TRUE(
        run.load("{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, "
                 "spec: {rules: [{name: r, match: {any: [{resources: {kinds: "
                 "[ConfigMap]}}]}, context: [" +
                 std::string(entries) +
                 "], preconditions: {all: [{key: '{{ x.a }}', operator: NotEquals, value: "
                 "b}]}, validate: {deny: {conditions: {any: [{key: '{{ z.a }}', operator: "
                 "Equals, value: b}]}}}}]}}"));
    FakeWorld world;
    world.answer = run.node(text);
    run.request.world = &world;
    std::string out = run.verdicts(kObject);
    return out + " " + run.message;
  };
  EXPECT_EQ(judge("{name: x, configMap: {name: c}}, {name: z, variable: {value: {a: c}}}"),
            "r=pass validation rule 'r' passed.");
  EXPECT_NE(judge("{name: x, configMap: {name: c}}, {name: z, configMap: {name: d}}")
                .find("context size limit exceeded"),
            std::string::npos);
}

// An entry that is loaded again is not asked for again.
TEST_F(LeastPrivilege, TheWorldIsAskedOnce) {
  Bench bench;
  ASSERT_TRUE(bench.load(R"y(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  rules:
  - name: r
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    context: [{name: x, apiCall: {urlPath: /api/v1/nodes, jmesPath: a}}]
    validate:
      foreach:
      - list: request.object.data.l
        deny: {conditions: {any: [{key: "{{ x }}{{ element }}", operator: Equals, value: c}]}}
)y"));
  FakeWorld world;
  world.answer = bench.node("{a: b}");
  bench.request.world = &world;
  EXPECT_EQ(
      bench.verdicts("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {l: [1, 2, "
                     "3, 4, 5, 6]}}"),
      "r=pass")
      << bench.message;
  EXPECT_EQ(world.asked.size(), 1U);
}

TEST_F(LeastPrivilege, Generation) {
  struct Row {
    std::string_view generate;
    std::string_view verdict;
    std::size_t asked;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"{apiVersion: v1, kind: Secret, name: a, namespace: own, data: {data: {}}}", "r=pass",
            1},
           {"{apiVersion: v1, kind: Secret, name: a, namespace: own, clone: {namespace: own, name: "
            "b}}",
            "r=pass", 1},
           {"{namespace: own, cloneList: {namespace: own, kinds: [v1/Secret]}}", "r=pass", 1},
           {"{apiVersion: v1, kind: Secret, name: a, namespace: other, data: {data: {}}}",
            "r=error", 0},
           {"{apiVersion: v1, kind: Secret, name: a, namespace: '{{ ''other'' }}', data: {}}",
            "r=error", 0},
           {"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, name: a, data: "
            "{}}",
            "r=error", 0},
           {"{apiVersion: v1, kind: Secret, name: a, namespace: own, clone: {namespace: vault, "
            "name: b}}",
            "r=error", 0},
           {"{apiVersion: v1, kind: Secret, name: a, namespace: own, clone: {name: b}}", "r=error",
            0},
           {"{namespace: own, cloneList: {namespace: vault, kinds: [v1/Secret]}}", "r=error", 0},
           {"{namespace: own, cloneList: {kinds: [v1/Secret]}}", "r=error", 0},
           {"{namespace: other, cloneList: {namespace: own, kinds: [v1/Secret]}}", "r=error", 0},
           {"{foreach: [{list: '[`1`]', apiVersion: v1, kind: Secret, name: a, namespace: other, "
            "data: {}}]}",
            "r=error", 0},
       }) {
    Bench bench;
    ASSERT_TRUE(
        bench.load("{apiVersion: kyverno.io/v1, kind: Policy, metadata: {name: p, "
                   "namespace: own}, spec: {rules: [{name: r, match: {any: [{resources: "
                   "{kinds: [ConfigMap]}}]}, generate: " +
                   std::string(row.generate) + "}]}}"));
    FakeWorld world;
    world.answer =
        bench.node("{apiVersion: v1, kind: Secret, metadata: {name: b, namespace: own}}");
    world.objects = {
        bench.node("{apiVersion: v1, kind: Secret, metadata: {name: b, namespace: vault}}")};
    bench.request.world = &world;
    EXPECT_EQ(bench.verdicts(kObject, Phase::Generate), row.verdict)
        << row.generate << bench.message;
    EXPECT_EQ(world.asked.size(), row.asked) << row.generate;
    // Whatever the world lists, nothing of another namespace is copied.
    for (const RuleResponse& rule : bench.response.rules) {
      for (const document::Node& made : rule.generated) {
        EXPECT_EQ(made.find("metadata")->find("namespace")->text(), "own");
      }
    }
  }
}

TEST_F(LeastPrivilege, TargetsOfMutation) {
  for (const std::string_view target :
       {"{apiVersion: v1, kind: Secret, namespace: other, name: '*'}",
        "{apiVersion: v1, kind: Secret, namespace: '*'}", "{apiVersion: v1, kind: Secret}"}) {
    for (const bool is_of_world : {false, true}) {
      Bench bench;
      ASSERT_TRUE(bench.load(
          "{apiVersion: kyverno.io/v1, kind: Policy, metadata: {name: p, "
          "namespace: own}, spec: {rules: [{name: r, match: {any: [{resources: "
          "{kinds: [ConfigMap]}}]}, mutate: {targets: [" +
          std::string(target) + "], patchStrategicMerge: {metadata: {labels: {a: b}}}}}]}}"));
      const std::vector<document::Node> objects{
          bench.node("{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: own}}"),
          bench.node("{apiVersion: v1, kind: Secret, metadata: {name: b, namespace: other}}"),
          bench.node("{apiVersion: v1, kind: Secret, metadata: {name: c}}"),
          bench.node("{apiVersion: v1, kind: Secret}")};
      FakeWorld world;
      if (is_of_world) {
        world.objects = objects;
      } else {
        bench.request.targets = objects;
      }
      bench.request.world = &world;
      EXPECT_EQ(bench.verdicts(kObject, Phase::Mutate), "r=pass") << bench.message;
      EXPECT_EQ(bench.message, "mutated Secret/a in namespace own");
    }
  }
}

TEST_F(LeastPrivilege, ParametersOfCel) {
  for (const auto& [reference, verdict] :
       {std::pair<std::string_view, std::string_view>{"{name: a, namespace: own}", "r=pass"},
        {"{name: a}", "r=pass"},
        {"{name: a, namespace: other}", "r=error"},
        {"{selector: {}, namespace: other}", "r=error"}}) {
    Bench bench;
    ASSERT_TRUE(bench.load(
        "{apiVersion: kyverno.io/v1, kind: Policy, metadata: {name: p, "
        "namespace: own}, spec: {rules: [{name: r, match: {any: [{resources: "
        "{kinds: [ConfigMap]}}]}, validate: {cel: {paramKind: {apiVersion: v1, "
        "kind: ConfigMap}, paramRef: " +
        std::string(reference) + ", expressions: [{expression: params.data.x == 'z'}]}}}]}}"));
    FakeWorld world;
    world.answer = bench.node("{data: {x: z}}");
    bench.request.world = &world;
    EXPECT_EQ(bench.verdicts(kObject), verdict) << reference << bench.message;
    EXPECT_EQ(world.asked.empty(), verdict == "r=error") << reference;
  }
}

}  // namespace
}  // namespace tally::kyverno
