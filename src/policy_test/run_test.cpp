#include "policy_test/run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "policy_test/test_report.hpp"
#include "policy_test/testing/test_folder.hpp"

namespace tally::policy_test {
namespace {

constexpr std::string_view kReplicas = R"(
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few-replicas}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}
  matchConditions:
  - {name: not-canary, expression: "object.metadata.name != 'canary'"}
  validations:
  - {expression: "object.spec.replicas <= 3", message: "at most 3 replicas"}
)";

constexpr std::string_view kObjects = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: small}
spec: {replicas: 1}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: large, namespace: shop}
spec: {replicas: 9}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: canary}
spec: {replicas: 9}
---
apiVersion: v1
kind: Service
metadata: {name: small}
spec: {}
)";

constexpr std::string_view kLabels = R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: labels}
spec:
  rules:
  - name: team
    match: {any: [{resources: {kinds: [Deployment]}}]}
    validate:
      failureAction: Audit
      message: a team is needed
      pattern: {metadata: {labels: {team: "?*"}}}
  - name: owner
    match: {any: [{resources: {kinds: [StatefulSet]}}]}
    validate:
      failureAction: Audit
      message: an owner is needed
      pattern: {metadata: {labels: {owner: "?*"}}}
)";

std::vector<CaseReport> run_results(TestFolder& folder, std::string_view results,
                                    const RunOptions& options = {}) {
  folder.write("vap.yaml", kReplicas);
  folder.write("labels.yaml", kLabels);
  folder.write("objects.yaml", kObjects);
  const std::string path = folder.write(
      "kyverno-test.yaml",
      fmt::format("apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {{name: t}}\n"
                  "policies: [vap.yaml, labels.yaml]\nresources: [objects.yaml]\nresults:\n{}",
                  results));
  return run_file(path, options);
}

struct Expected {
  const char* name;
  const char* result;
  Outcome outcome;
  const char* message;
};

TEST(Run, VerdictTable) {
  const Expected rows[] = {
      {"pass", "{policy: few-replicas, resources: [small], kind: Deployment, result: pass}",
       Outcome::Pass, ""},
      {"pass, namespaced", "{policy: few-replicas, resources: [shop/large], result: fail}",
       Outcome::Pass, "at most 3 replicas"},
      {"default namespace", "{policy: few-replicas, resources: [default/canary], result: skip}",
       Outcome::Pass, "match conditions"},
      {"by its parts",
       "{policy: few-replicas, resourceSpecs: [{group: apps, version: v1, namespace: shop, name: "
       "large}], result: fail}",
       Outcome::Pass, ""},
      {"classic rule", "{policy: labels, rule: team, resources: [large], result: fail}",
       Outcome::Pass, "a team is needed"},
      {"wrong verdict", "{policy: few-replicas, resources: [large], result: pass}", Outcome::Fail,
       "at most 3 replicas"},
      {"wrong verdict of a skip", "{policy: few-replicas, resources: [canary], result: fail}",
       Outcome::Fail, ""},
      {"no such resource", "{policy: few-replicas, resources: [none], result: pass}", Outcome::Fail,
       "no such resource"},
      {"wrong namespace", "{policy: few-replicas, resources: [shop/small], result: pass}",
       Outcome::Fail, "no such resource"},
      {"no such part",
       "{policy: few-replicas, resourceSpecs: [{version: v1, name: x}], result: pass}",
       Outcome::Fail, "no such resource"},
      {"no such policy", "{policy: many-replicas, resources: [large], result: pass}", Outcome::Fail,
       "no such policy"},
      {"no such rule", "{policy: labels, rule: teams, resources: [large], result: pass}",
       Outcome::NoRule, "no such rule"},
      {"not matched", "{policy: labels, rule: owner, resources: [large], result: pass}",
       Outcome::NoRule, "not matched"},
      {"not matched, other kind",
       "{policy: few-replicas, kind: Service, resources: [small], "
       "result: pass}",
       Outcome::NoRule, "not matched"},
  };
  for (const Expected& row : rows) {
    TestFolder folder;
    const auto reports = run_results(folder, fmt::format("- {}\n", row.result));
    ASSERT_EQ(reports.size(), 1U) << row.name;
    ASSERT_TRUE(reports[0].errors.empty()) << row.name << ": " << reports[0].errors[0].to_string();
    const auto found = std::ranges::find(reports[0].rows, row.outcome, &Row::outcome);
    ASSERT_NE(found, reports[0].rows.end()) << row.name;
    EXPECT_NE(found->message.find(row.message), std::string::npos)
        << row.name << ": " << found->message;
    EXPECT_EQ(is_failed(reports[0]), row.outcome == Outcome::Fail) << row.name;
  }
}

TEST(Run, AResultWithoutResourcesIsAboutAll) {
  TestFolder folder;
  const auto reports = run_results(folder, "- {policy: labels, rule: team, result: fail}\n");
  EXPECT_EQ(reports[0].rows.size(), 4U);
  EXPECT_EQ(count(reports).passed, 3U);
  EXPECT_EQ(count(reports).without_rule, 1U);
}

TEST(Run, CoverageNamesTheRulesThatNoRowExercises) {
  TestFolder folder;
  const auto reports =
      run_results(folder, "- {policy: labels, rule: team, resources: [large], result: fail}\n");
  const Totals totals = count(reports);
  EXPECT_EQ(totals.rules, 3U);
  EXPECT_EQ(totals.rules_exercised, 1U);
  const std::string table = to_table(reports, {.coverage = true});
  EXPECT_NE(table.find("labels/owner"), std::string::npos) << table;
  EXPECT_EQ(table.find("labels/team "), std::string::npos) << table;
}

TEST(Run, Filters) {
  constexpr std::string_view kResults =
      "- {policy: labels, rule: team, resources: [large, small], result: fail}\n"
      "- {policy: few-replicas, resources: [small], kind: Deployment, result: pass}\n";
  struct Case {
    const char* filter;
    std::size_t rows;
  };
  for (const Case& one : {Case{"", 4}, Case{"policy=few*", 1}, Case{"rule=team,resource=large", 2},
                          Case{"result=pass", 1}, Case{"policy=none", 0}}) {
    TestFolder folder;
    const auto filter = Filter::parse(one.filter);
    ASSERT_TRUE(filter) << one.filter;
    const auto reports = run_results(folder, kResults, {.filter = *filter});
    const Totals totals = count(reports);
    const std::size_t rows = totals.passed + totals.failed + totals.without_rule;
    EXPECT_EQ(rows, std::string_view(one.filter).starts_with("rule=") ? 1U : one.rows)
        << one.filter;
  }
  for (const char* wrong : {"policy", "policy=a=b", "kind=Pod", "=x"}) {
    EXPECT_FALSE(Filter::parse(wrong)) << wrong;
  }
}

TEST(Run, ComparesPatchedObjects) {
  struct Case {
    const char* name;
    const char* expected;
    const char* more;
    Outcome outcome;
  };
  for (const Case& one :
       {Case{"equal", "metadata: {name: small, labels: {team: shop}}\nspec: {replicas: 1.0}\n", "",
             Outcome::Pass},
        Case{"equal but for nothing",
             "metadata: {name: small, labels: {team: shop}, annotations: {}}\nspec: {replicas: "
             "1, x: null}\n",
             "", Outcome::Pass},
        Case{"different", "metadata: {name: small, labels: {team: bank}}\nspec: {replicas: 1}\n",
             "", Outcome::Fail},
        Case{"missing", "metadata: {name: other}\n", "", Outcome::NotCompared},
        Case{"missing, and that is wrong", "metadata: {name: other}\n",
             ", failOnMissingResources: true", Outcome::Fail}}) {
    TestFolder folder;
    folder.write("map.yaml", R"(
apiVersion: admissionregistration.k8s.io/v1beta1
kind: MutatingAdmissionPolicy
metadata: {name: add-team}
spec:
  reinvocationPolicy: Never
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration:
      expression: "Object{metadata: Object.metadata{labels: {'team': 'shop'}}}"
)");
    folder.write("objects.yaml", kObjects);
    folder.write("patched.yaml",
                 std::string("apiVersion: apps/v1\nkind: Deployment\n") + one.expected);
    const auto reports = run_file(folder.write(
        "kyverno-test.yaml",
        fmt::format("apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {{name: t}}\n"
                    "policies: [map.yaml]\nresources: [objects.yaml]\nresults:\n"
                    "- {{policy: add-team, kind: Deployment, resources: [small], "
                    "patchedResources: patched.yaml, result: pass{}}}\n",
                    one.more)));
    ASSERT_EQ(reports[0].rows.size(), 1U) << one.name;
    EXPECT_EQ(reports[0].rows[0].outcome, one.outcome)
        << one.name << ": " << reports[0].rows[0].message;
    if (std::string_view(one.name) == "different") {
      EXPECT_EQ(
          reports[0].rows[0].differences,
          (std::vector<std::string>{"/metadata/labels/team: expected \"bank\", found \"shop\""}));
    }
  }
}

TEST(Run, WhatCannotBeReadIsAnErrorOfTheTest) {
  struct Case {
    const char* name;
    const char* text;
  };
  for (const Case& one :
       {Case{"no policy file", "policies: [none.yaml]\n"},
        Case{"a policy that is no YAML", "policies: [broken.yaml]\n"},
        Case{"no resource file", "resources: [none.yaml]\n"},
        Case{"no values file", "variables: none.yaml\n"},
        Case{"no user file", "userinfo: none.yaml\n"},
        Case{"no context file", "context: none.yaml\n"},
        Case{"cluster resources of another kind", "clusterResources: [objects.yaml]\n"},
        Case{"an exception of another kind", "exceptions: [objects.yaml]\n"},
        Case{"nothing from the network", "policies: [\"https://example.com/p.yaml\"]\n"},
        Case{"a call without an address", "apiCallResponses: [{response: {body: {}}}]\n"},
        Case{
            "a call twice",
            "apiCallResponses: [{url: a, response: {body: {}}}, {url: a, response: {body: {}}}]\n"},
        Case{"a context entry of two sources",
             "globalContextEntries: [{name: a, data: {}, resources: []}]\n"},
        Case{"a wrong operation", "values: {globalValues: {request.operation: PATCH}}\n"}}) {
    TestFolder folder;
    folder.write("broken.yaml", "a: [\n");
    folder.write("objects.yaml", kObjects);
    const auto reports = run_file(folder.write(
        "kyverno-test.yaml",
        fmt::format("apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {{name: t}}\n{}",
                    one.text)));
    ASSERT_EQ(reports.size(), 1U) << one.name;
    EXPECT_FALSE(reports[0].errors.empty()) << one.name;
  }
}

TEST(Report, JsonAndJunitEscapeWhatTheyQuote) {
  CaseReport report;
  report.path = "a/\"b\".yaml";
  report.name = "<t>";
  report.rows.push_back({.outcome = Outcome::Fail,
                         .policy = "p&q",
                         .rule = "r",
                         .resource = "v1/Pod/x",
                         .expected = "pass",
                         .actual = "fail",
                         .message = "line\n\x01 \"two\"",
                         .differences = {"/a: expected 1, found <2>"},
                         .at = {.line = 3, .column = 1}});
  const CaseReport reports[] = {report};
  EXPECT_EQ(to_json(reports, false),
            "{\"tests\":[{\"path\":\"a/\\\"b\\\".yaml\",\"name\":\"<t>\",\"document\":1,"
            "\"passed\":false,\"rows\":[{\"outcome\":\"fail\",\"policy\":\"p&q\",\"rule\":\"r\","
            "\"resource\":\"v1/Pod/x\",\"expected\":\"pass\",\"actual\":\"fail\",\"message\":"
            "\"line\\n\\u0001 \\\"two\\\"\",\"line\":3,\"differences\":[\"/a: expected 1, found "
            "<2>\"]}],\"errors\":[],\"notes\":[]}],\"rules\":[],\"totals\":{\"tests\":1,"
            "\"testsFailed\":1,\"passed\":0,\"failed\":1,\"noRule\":0,\"notCompared\":0,"
            "\"unknown\":0,\"skipped\":0,\"errors\":0,\"rules\":0,\"rulesExercised\":0}}\n");
  const std::string junit = to_junit(reports, false);
  EXPECT_NE(junit.find("classname=\"p&amp;q/r\" name=\"v1/Pod/x\""), std::string::npos) << junit;
  EXPECT_NE(junit.find("line&#10;  &quot;two&quot;"), std::string::npos) << junit;
  EXPECT_NE(junit.find("found &lt;2&gt;"), std::string::npos) << junit;
}

}  // namespace
}  // namespace tally::policy_test
