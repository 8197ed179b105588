#include "policy_test/test_case.hpp"

#include <gtest/gtest.h>

#include "policy_test/testing/test_folder.hpp"

namespace tally::policy_test {
namespace {

constexpr std::string_view kHead =
    "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\n";

TEST(TestCase, ReadsEveryField) {
  TestFolder folder;
  const std::string path = folder.write("kyverno-test.yaml", R"(
apiVersion: cli.kyverno.io/v1alpha1
kind: Test
metadata: {name: all}
policies: [p.yaml, p.yaml, q.yaml]
resources: [r.yaml]
targetResources: [t.yaml]
paramResources: [a.yaml]
clusterResources: [c.yaml]
exceptions: [e.yaml]
jsonPayloads: [./x/../j.json, j.json]
httpPayloads: [h.json]
envoyPayloads: [y.json]
variables: v.yaml
userinfo: u.yaml
context: k.yaml
values: {globalValues: {a: b}}
apiCallResponses: [{url: "https://example.com", response: {body: {}}}]
globalContextEntries: [{name: g, data: {}}]
results:
- policy: ns/p
  rule: r
  kind: Pod
  resources: [one, ns/two]
  resourceSpecs: [{group: apps, version: v1, kind: Deployment, namespace: shop, name: d}]
  patchedResources: x.yaml
  generatedResource: g.yaml
  cloneSourceResource: s.yaml
  failOnMissingResources: true
  isValidatingPolicy: true
  operation: UPDATE
  result: fail
)");
  const TestFile file = read_test_file(path);
  ASSERT_TRUE(file.errors.empty()) << file.errors.front().to_string();
  ASSERT_EQ(file.cases.size(), 1U);
  const TestCase& test = file.cases.front();
  EXPECT_EQ(test.name, "all");
  EXPECT_EQ(test.policies, (std::vector<std::string>{"p.yaml", "q.yaml"}));
  EXPECT_EQ(test.json_payloads, (std::vector<std::string>{"j.json"}));
  EXPECT_EQ(test.context, "k.yaml");
  EXPECT_TRUE(test.values.is_object());
  EXPECT_TRUE(test.notes.empty());
  ASSERT_EQ(test.results.size(), 1U);
  const ExpectedResult& result = test.results.front();
  EXPECT_EQ(result.policy, "ns/p");
  EXPECT_EQ(result.resources.size(), 2U);
  EXPECT_EQ(result.resource_specs.front().name_space, "shop");
  EXPECT_EQ(result.generated_resources, (std::vector<std::string>{"g.yaml"}));
  EXPECT_EQ(result.operation, "UPDATE");
  EXPECT_TRUE(result.fails_on_missing);
  EXPECT_EQ(result.at.line, 21U);
}

TEST(TestCase, OlderFormsAreReadWithANote) {
  TestFolder folder;
  const TestFile file = read_test_file(folder.write("t.yaml", R"(
name: old
policies: [p.yaml]
resources: [r.yaml]
jsonPayload: j.json
results:
- policy: p
  rule: r
  resource: web
  namespace: shop
  status: pass
  patchedResource: x.yaml
---
apiVersion: kyverno.io/v1
kind: Test
metadata: {name: second}
)"));
  ASSERT_TRUE(file.errors.empty()) << file.errors.front().to_string();
  ASSERT_EQ(file.cases.size(), 2U);
  const TestCase& old = file.cases.front();
  EXPECT_EQ(old.name, "old");
  EXPECT_EQ(old.results.front().result, "pass");
  EXPECT_EQ(old.results.front().resources, (std::vector<std::string>{"shop/web"}));
  EXPECT_EQ(old.results.front().patched_resources, "x.yaml");
  EXPECT_EQ(old.notes.size(), 6U);
  EXPECT_EQ(file.cases.back().name, "second");
}

struct Rejected {
  const char* name;
  const char* text;
  const char* message;
};

TEST(TestCase, WhatIsWrongIsNamedWithItsPlace) {
  const Rejected rows[] = {
      {"unknown field", "polices: [p.yaml]\n", "the test has no field 'polices'"},
      {"unknown field of a result", "results: [{policy: p, result: pass, ressources: [a]}]\n",
       "results[0] has no field 'ressources'"},
      {"wrong type", "policies: p.yaml\n", "the test.policies must be a list, found a string"},
      {"wrong item", "policies: [1]\n", "the test.policies must hold strings, found a number"},
      {"no policy", "results: [{result: pass}]\n", "results[0] names no policy"},
      {"no result", "results: [{policy: p}]\n", "results[0].result must be pass"},
      {"wrong result", "results: [{policy: p, result: passed}]\n", "found 'passed'"},
      {"wrong operation", "results: [{policy: p, result: pass, operation: PATCH}]\n",
       "results[0].operation must be CREATE"},
      {"operation of a deleting policy",
       "results: [{policy: p, result: pass, operation: UPDATE, isDeletingPolicy: true}]\n",
       "deleting policies"},
      {"a result that is no map", "results: [p]\n", "results[0] must be a map"},
  };
  for (const Rejected& row : rows) {
    TestFolder folder;
    const TestFile file = read_test_file(folder.write("t.yaml", std::string(kHead) + row.text));
    EXPECT_TRUE(file.cases.empty()) << row.name;
    ASSERT_FALSE(file.errors.empty()) << row.name;
    EXPECT_NE(file.errors.front().message.find(row.message), std::string::npos)
        << row.name << ": " << file.errors.front().message;
    EXPECT_GE(file.errors.front().at.line, 1U) << row.name;
  }
}

TEST(TestCase, OtherKindsAndBrokenFilesAreErrors) {
  TestFolder folder;
  for (const std::string_view text :
       {"apiVersion: v1\nkind: Pod\n", "a: [\n", "", "- a\n", "a: 1\na: 2\n"}) {
    const TestFile file = read_test_file(folder.write("t.yaml", text));
    EXPECT_TRUE(file.cases.empty()) << text;
    EXPECT_FALSE(file.errors.empty()) << text;
  }
  EXPECT_FALSE(read_test_file(folder.path() + "/none.yaml").errors.empty());
}

TEST(FindTests, EntersTestFoldersAndNoOtherHiddenOnes) {
  TestFolder folder;
  folder.write("a/kyverno-test.yaml", "");
  folder.write("b/.kyverno-test/kyverno-test.yaml", "");
  folder.write("c/.chainsaw-test/kyverno-test.yaml", "");
  folder.write("d/.git/kyverno-test.yaml", "");
  folder.write("e/other.yaml", "");
  folder.write("f/suite.yaml", "");
  std::filesystem::create_directory_symlink(folder.path() + "/a", folder.path() + "/link");
  const FoundTests found = find_tests({folder.path(), folder.path() + "/a"});
  EXPECT_TRUE(found.errors.empty());
  EXPECT_EQ(found.files.size(), 3U);
  EXPECT_EQ(found.suites.size(), 1U);
  EXPECT_EQ(find_tests({folder.path()}, "other.yaml").files.size(), 1U);
  EXPECT_EQ(find_tests({folder.path() + "/e/other.yaml"}).files.size(), 1U);
  EXPECT_EQ(find_tests({folder.path() + "/none"}).errors.size(), 1U);
}

}  // namespace
}  // namespace tally::policy_test
