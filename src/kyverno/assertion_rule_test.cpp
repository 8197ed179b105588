// validate.assert as whole policies.
#include <gtest/gtest.h>

#include "kyverno/testing/bench.hpp"

namespace tally::kyverno {
namespace {

using testing::Bench;
using testing::FakeWorld;

std::string policy(std::string_view assertion, std::string_view context = "[]",
                   std::string_view kinds = "[ConfigMap]") {
  return "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, spec: {rules: "
         "[{name: r, match: {any: [{resources: {kinds: " +
         std::string(kinds) + "}}]}, context: " + std::string(context) +
         ", validate: {failureAction: Enforce, assert: " + std::string(assertion) + "}}]}}";
}

std::string map(std::string_view data) {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: keys, namespace: bank}, data: " +
         std::string(data) + "}";
}

TEST(AssertionRule, Verdicts) {
  struct Row {
    std::string_view assertion;
    std::string_view verdicts;
    std::string_view message;  // of the last
  };
  for (const Row& row : std::initializer_list<Row>{
           {"{object: {data: {a: x}}}", "r=pass", "Validation rule 'r' passed."},
           {"{object: {data: {(length(@) > `0`): true}}, operation: CREATE}", "r=pass",
            "Validation rule 'r' passed."},
           {"{oldObject: {}, namespaceLabels: {}}", "r=pass", "Validation rule 'r' passed."},
           {"{resourceKind: {kind: ConfigMap, version: v1, group: ''}}", "r=pass",
            "Validation rule 'r' passed."},
           {"{object: {data: {a: q}}}", "r=fail",
            "object.data.a: Invalid value: \"x\": Expected value: \"q\""},
           {"{object: {data: {a: q, c: z}}}", "r=fail r=fail",
            "object.data.c: Required value: field not found in the input object"},
           {"{object: {data: {a: 1}}}", "r=error",
            "failed to apply assertion: object.data.a: Internal error: types are not comparable, "
            "float64 - string"},
           {"{(@ == $small): true}", "r=error",
            "failed to apply assertion: (@ == $small): Internal error: variable not defined: "
            "$small"},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(policy(row.assertion)));
    EXPECT_TRUE(bench.loaded.problems.empty()) << row.assertion;
    EXPECT_EQ(bench.verdicts(map("{a: x, b: y}")), row.verdicts) << row.assertion;
    EXPECT_EQ(bench.message, row.message) << row.assertion;
  }
}

TEST(AssertionRule, PointsToTheField) {
  Bench bench;
  ASSERT_TRUE(bench.load(policy("{object: {data: {a: q}, (metadata.name): z}, operation: x}")));
  EXPECT_EQ(bench.verdicts(map("{a: x}")), "r=fail r=fail r=fail");
  EXPECT_EQ(bench.response.rules[0].pointer, "/data/a");
  EXPECT_EQ(bench.response.rules[1].pointer, "");
  EXPECT_EQ(bench.response.rules[2].pointer, "");
}

TEST(AssertionRule, ReadsTheContextOfTheRule) {
  Bench bench;
  FakeWorld world;
  bench.request.world = &world;
  ASSERT_TRUE(
      bench.load(policy("{object: {data: {a: {(@ == $small || @ == $big): true}}}}",
                        "[{name: small, variable: {value: s}}, {name: big, variable: "
                        "{value: b}}, {name: other, configMap: {name: c, namespace: d}}]")));
  EXPECT_EQ(bench.verdicts(map("{a: b}")), "r=pass");
  EXPECT_EQ(bench.verdicts(map("{a: x}")), "r=fail");
  EXPECT_TRUE(world.asked.empty());  // what no expression names is not loaded

  Bench missing;
  missing.request.world = &world;
  ASSERT_TRUE(
      missing.load(policy("{($other): x}", "[{name: other, configMap: {name: c, namespace: d}}]")));
  EXPECT_EQ(missing.verdicts(map("{a: b}")), "r=error");
  EXPECT_TRUE(missing.response.rules[0].is_world_missing);
}

// Kyverno 1.18 validate_assert.go: what violated before may go on violating.
TEST(AssertionRule, AllowsExistingViolations) {
  Bench bench;
  ASSERT_TRUE(bench.load(policy("{object: {data: {a: q}}}")));
  const std::string now = map("{a: x, c: d}");
  EXPECT_EQ(
      bench.verdicts(now, Phase::Validate, kube::Operation::Update, bench.node(map("{a: z}"))),
      "r=skip");
  EXPECT_EQ(
      bench.verdicts(now, Phase::Validate, kube::Operation::Update, bench.node(map("{a: q}"))),
      "r=fail");
}

// autogen/v1/autogen.go, createAutogenAssertion
TEST(AssertionRule, IsMadeForControllers) {
  Bench bench;
  ASSERT_TRUE(bench.load(policy("{object: {spec: {(hostPID || `false`): false}}}", "[]", "[Pod]")));
  const auto deployment = [](std::string_view pod) {
    return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: bank}, spec: "
           "{template: {spec: " +
           std::string(pod) + "}}}";
  };
  const auto cron_job = [](std::string_view pod) {
    return "{apiVersion: batch/v1, kind: CronJob, metadata: {name: c, namespace: bank}, spec: "
           "{jobTemplate: {spec: {template: {spec: " +
           std::string(pod) + "}}}}}";
  };
  EXPECT_EQ(bench.verdicts(deployment("{containers: []}")), "autogen-r=pass");
  EXPECT_EQ(bench.verdicts(deployment("{hostPID: true}")), "autogen-r=fail");
  EXPECT_EQ(bench.message,
            "object.spec.template.spec.(hostPID || `false`): Invalid value: true: Expected value: "
            "false");
  EXPECT_EQ(bench.verdicts(cron_job("{hostPID: false}")), "autogen-cronjob-r=pass");
  EXPECT_EQ(bench.verdicts(cron_job("{hostPID: true}")), "autogen-cronjob-r=fail");
}

TEST(AssertionRule, WhatCannotBeReadIsAProblem) {
  struct Row {
    std::string_view assertion;
    std::string_view context;
    std::string_view pointer;
    std::string_view message;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"{object: {'(a ==)': 1}}", "[]", "/spec/rules/0/validate/assert/object/(a ==)",
            "SyntaxError: Incomplete expression (at character 5 of \"a ==\")"},
           {"{object: '(a)->b'}", "[]", "/spec/rules/0/validate/assert/object",
            "binding is not supported on the RHS"},
           {"{object: {}}", "[{name: bad-name, variable: {value: x}}]",
            "/spec/rules/0/context/0/name",
            "context entry name bad-name is invalid, it must be a single word when the validation "
            "rule uses `assert`"},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(policy(row.assertion, row.context)));
    ASSERT_EQ(bench.loaded.problems.size(), 1) << row.assertion;
    EXPECT_EQ(bench.loaded.problems[0].pointer, row.pointer);
    EXPECT_EQ(bench.loaded.problems[0].message, row.message);
    EXPECT_EQ(bench.verdicts(map("{}")),
              bench.loaded.problems[0].is_refused ? "r=error" : "r=pass");
  }
}

}  // namespace
}  // namespace tally::kyverno
