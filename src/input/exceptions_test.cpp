#include "input/exceptions.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/arena.hpp"
#include "input/internal/test_tree.hpp"
#include "kube/objects.hpp"

namespace tally::input {
namespace {

FoundExceptions in_text(std::string_view text) {
  const auto source = document::Source::from_text("test.yaml", text);
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  std::vector<kube::Object> objects;
  std::vector<kube::NotAnObject> rejected;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  for (const document::Document& document : documents) {
    kube::append_objects(document, *source, objects, rejected);
  }
  EXPECT_TRUE(errors.empty() && rejected.empty()) << text;
  return exceptions_in(objects, "default");
}

std::string pod_with(std::string_view waiver, std::string_view name = "a") {
  return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: '" + std::string(name) +
         "'\n  annotations:\n    tallystick.dev/waive: " + std::string(waiver) + "\n";
}

TEST(Exceptions, WaiversOfObjects) {
  struct Row {
    std::string text;
    std::size_t exceptions;
    std::size_t problems;
  };
  const std::vector<Row> rows = {
      {pod_with("rule because it must"), 1, 0},
      {pod_with("|\n      one for a reason\n\n      two for another\n"), 2, 0},
      {pod_with("rule"), 0, 1},
      {pod_with("[rule]"), 0, 1},
      {pod_with("\"\""), 0, 0},
      {pod_with("rule because", "*"), 0, 1},
      {pod_with("rule because", ""), 0, 1},
      {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", 0, 0},
  };
  for (const Row& row : rows) {
    const auto found = in_text(row.text);
    EXPECT_EQ(found.exceptions.size(), row.exceptions) << row.text;
    EXPECT_EQ(found.problems.size(), row.problems) << row.text;
  }
  const auto found = in_text(pod_with("rule  because it must"));
  ASSERT_EQ(found.exceptions.size(), 1U);
  const auto& exception = found.exceptions[0];
  EXPECT_EQ(exception.reason, "because it must");
  EXPECT_EQ(exception.match.rules, std::vector<std::string>{"rule"});
  EXPECT_EQ(exception.match.kinds, std::vector<std::string>{"Pod"});
  EXPECT_EQ(exception.match.namespaces, std::vector<std::string>{"default"});
  EXPECT_EQ(exception.match.names, std::vector<std::string>{"a"});
  EXPECT_EQ(exception.at.line, 6U);
}

// Kyverno's own are listed, whatever narrows them; what they excuse its engine knows.
TEST(Exceptions, PolicyExceptions) {
  const std::string head =
      "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: {name: e, namespace: s}\n";
  struct Row {
    std::string text;
    std::vector<std::string> rules;
  };
  const std::vector<Row> rows = {
      {head + "spec: {exceptions: [{policyName: p, ruleNames: [r, autogen-r]}], match: {any: "
              "[{resources: {kinds: [Pod], selector: {}}}]}, conditions: {any: []}}\n",
       {"p/r", "p/autogen-r"}},
      {"apiVersion: policies.kyverno.io/v1\nkind: PolicyException\nmetadata: {name: e}\nspec: "
       "{policyRefs: [{name: p, kind: ValidatingPolicy}], matchConditions: []}\n",
       {"p"}},
      {head, {}},
      {head + "spec: [broken]\n", {}},
  };
  for (const Row& row : rows) {
    const auto found = in_text(row.text);
    ASSERT_EQ(found.exceptions.size(), 1U) << row.text;
    EXPECT_EQ(found.exceptions[0].id, "PolicyException e") << row.text;
    EXPECT_EQ(found.exceptions[0].match.rules, row.rules) << row.text;
    EXPECT_TRUE(found.problems.empty()) << row.text;
  }
  EXPECT_TRUE(in_text("apiVersion: other.io/v1\nkind: PolicyException\nmetadata: {name: e}\n")
                  .exceptions.empty());
  const TestTree tree;
  tree.write("e.yaml", rows[0].text);
  const auto given = read_exceptions(tree.path("e.yaml"));
  ASSERT_TRUE(given) << given.error().to_string();
  EXPECT_TRUE(given->empty());
}

TEST(Exceptions, FilesOfTheCommandLine) {
  const TestTree tree;
  const std::string exception =
      "apiVersion: tallystick.dev/v1alpha1\nkind: Exception\nmetadata: {name: E-1}\n"
      "spec: {owner: o, reason: r, ticket: t, expires: '2027-01-01', match: {rules: [x], "
      "namespaces: ['s*']}}\n";
  tree.write("e/one.yaml", exception);
  tree.write("e/two.yaml", "exceptions:\n- {id: E-2, owner: o, reason: r, match: {rules: [z]}}\n");
  tree.write("e/three.yaml", pod_with("rule because"));
  const auto all = read_exceptions(tree.path("e"));
  ASSERT_TRUE(all) << all.error().to_string();
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].id, "E-1");
  EXPECT_EQ((*all)[0].file, tree.path("e/one.yaml"));
  EXPECT_EQ((*all)[2].id, "E-2");

  struct Row {
    std::string text;
    const char* message;
  };
  const std::vector<Row> rows = {
      {"a: [", ""},
      {"exceptions: {}\n", "expected a list"},
      {"exceptions: []\nother: 1\n", "unknown key 'other'"},
      {"exceptions:\n- {owner: o, reason: r, match: {rules: [z]}}\n", "without 'id'"},
      {"apiVersion: tallystick.dev/v1alpha1\nkind: Exception\nmetadata: {name: E}\n",
       "without 'spec'"},
      {"apiVersion: tallystick.dev/v1alpha1\nkind: Exception\nspec: {owner: o, reason: r, match: "
       "{rules: [z]}}\n",
       "without metadata.name"},
      {"apiVersion: tallystick.dev/v1alpha1\nkind: Exception\nmetadata: {name: E}\nspec: {id: x, "
       "owner: o, reason: r, match: {rules: [z]}}\n",
       "unknown key 'id'"},
      {pod_with("rule"), "without a reason"},
  };
  for (const Row& row : rows) {
    tree.write("bad.yaml", row.text);
    const auto refused = read_exceptions(tree.path("bad.yaml"));
    ASSERT_FALSE(refused) << row.text;
    EXPECT_NE(refused.error().message.find(row.message), std::string::npos)
        << row.text << refused.error().message;
    EXPECT_EQ(refused.error().file, tree.path("bad.yaml")) << row.text;
  }
  EXPECT_FALSE(read_exceptions(tree.path("absent")));
  EXPECT_FALSE(read_exceptions("-"));
}

}  // namespace
}  // namespace tally::input
