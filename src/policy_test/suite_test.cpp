#include "policy_test/suite.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "policy_test/testing/test_folder.hpp"

namespace tally::policy_test {
namespace {

constexpr std::string_view kTemplate = R"yaml(
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: noroot}
spec:
  crd: {spec: {names: {kind: NoRoot}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: K8sNativeValidation
      source:
        validations:
        - expression: variables.anyObject.metadata.name != "root"
          messageExpression: '"named " + variables.anyObject.metadata.name'
        - {expression: "!has(variables.anyObject.spec.hostPID)", message: hostPID is set}
)yaml";

std::vector<CaseReport> run(TestFolder& folder, std::string_view cases) {
  folder.write("template.yaml", kTemplate);
  folder.write("rego.yaml",
               "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\n"
               "metadata: {name: noroot}\nspec:\n  crd: {spec: {names: {kind: "
               "NoRoot}}}\n  targets: [{target: admission.k8s.gatekeeper.sh, rego: "
               "package a}]\n");
  folder.write("constraint.yaml",
               "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: NoRoot\n"
               "metadata: {name: none}\n");
  folder.write("root.yaml",
               "apiVersion: v1\nkind: Pod\nmetadata: {name: root}\nspec: {hostPID: "
               "true}\n");
  folder.write("web.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {}\n");
  folder.write("review.yaml",
               "apiVersion: admission.k8s.io/v1beta1\nkind: AdmissionReview\nrequest:\n  "
               "operation: DELETE\n  oldObject: {apiVersion: v1, kind: Pod, metadata: {name: "
               "root}, spec: {}}\n");
  folder.write("empty.yaml",
               "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest: {uid: a}\n");
  return run_suite(
      folder.write("suite.yaml",
                   fmt::format("kind: Suite\napiVersion: test.gatekeeper.sh/v1alpha1\n{}", cases)));
}

TEST(Suite, Assertions) {
  struct Case {
    const char* name;
    const char* assertions;
    const char* object;
    Outcome outcome;
  };
  for (const Case& one : {
           Case{"yes", "[{violations: yes}]", "root", Outcome::Pass},
           Case{"the default is yes", "[{}]", "root", Outcome::Pass},
           Case{"quoted", "[{violations: \"yes\"}]", "root", Outcome::Pass},
           Case{"a number", "[{violations: 2}]", "root", Outcome::Pass},
           Case{"by message", "[{violations: 1, message: '^named r..t$'}]", "root", Outcome::Pass},
           Case{"no", "[{violations: no}]", "web", Outcome::Pass},
           Case{"none are wanted", "[]", "web", Outcome::Pass},
           Case{"what was deleted", "[{violations: 1, message: named}]", "review", Outcome::Pass},
           Case{"yes, but none", "[{violations: yes}]", "web", Outcome::Fail},
           Case{"no, but some", "[{violations: no}]", "root", Outcome::Fail},
           Case{"another number", "[{violations: 1}]", "root", Outcome::Fail},
           Case{"another message", "[{message: nobody}]", "root", Outcome::Fail},
           Case{"one of two", "[{violations: yes}, {violations: 7}]", "root", Outcome::Fail},
           Case{"none are wanted, but some", "[]", "root", Outcome::Fail},
           Case{"a broken pattern", "[{message: '('}]", "root", Outcome::Fail},
           Case{"no such file", "[]", "nothing", Outcome::Fail},
           Case{"an empty review", "[]", "empty", Outcome::Fail},
       }) {
    TestFolder folder;
    const auto reports = run(
        folder,
        fmt::format("tests:\n- name: t\n  template: template.yaml\n  constraint: "
                    "constraint.yaml\n  cases: [{{name: c, object: {}.yaml, assertions: {}}}]\n",
                    one.object, one.assertions));
    ASSERT_EQ(reports.size(), 1U) << one.name;
    ASSERT_TRUE(reports[0].errors.empty()) << one.name << ": " << reports[0].errors[0].to_string();
    ASSERT_EQ(reports[0].rows.size(), 1U) << one.name;
    EXPECT_EQ(reports[0].rows[0].outcome, one.outcome)
        << one.name << ": " << reports[0].rows[0].message;
  }
}

TEST(Suite, WhatIsSkippedSaysWhy) {
  TestFolder folder;
  const auto reports =
      run(folder,
          "tests:\n- name: a\n  template: rego.yaml\n  constraint: constraint.yaml\n  cases: "
          "[{name: c, object: root.yaml}]\n- name: b\n  template: template.yaml\n  constraint: "
          "constraint.yaml\n  skip: true\n  cases: [{name: c, object: root.yaml}]\n");
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].rows.at(0).outcome, Outcome::Skipped);
  EXPECT_EQ(reports[0].rows.at(0).message, "Rego: not implemented yet");
  EXPECT_EQ(reports[1].rows.at(0).outcome, Outcome::Skipped);
}

TEST(Suite, WhatIsWrongIsAnError) {
  for (const char* text :
       {"tests: 3\n", "test: []\n", "tests: [{name: t, templates: x}]\n",
        "tests: [{name: t, template: none.yaml, constraint: constraint.yaml}]\n",
        "tests: [{name: t, template: template.yaml, constraint: web.yaml}]\n",
        "tests: [{name: t, template: template.yaml, constraint: constraint.yaml, cases: [{name: "
        "c}]}]\n",
        "tests: [{name: t, template: template.yaml, constraint: constraint.yaml, cases: [{name: "
        "c, object: web.yaml, assertions: [{violations: -1}]}]}]\n",
        "tests: [{name: t, template: template.yaml, constraint: constraint.yaml, cases: [{name: "
        "c, object: web.yaml, assertions: [{violations: many}]}]}]\n"}) {
    TestFolder folder;
    const auto reports = run(folder, text);
    ASSERT_EQ(reports.size(), 1U) << text;
    EXPECT_FALSE(reports[0].errors.empty()) << text;
  }
}

}  // namespace
}  // namespace tally::policy_test
